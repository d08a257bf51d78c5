import type { FastifyError, FastifyInstance } from 'fastify';
import { stringifyExact } from '../wire/wire.ts';
import type { World } from '../world/world.ts';
import { registerActions } from './actions.ts';
import { answerError, ControlError } from './answers.ts';
import { registerCalls } from './calls.ts';
import { registerChats } from './chats.ts';
import { registerEvents } from './events.ts';
import { registerFiles } from './files.ts';
import { registerGroups } from './groups.ts';
import { registerPeople } from './people.ts';
import { registerReceiver } from './receiver.ts';
import { registerSettings } from './settings.ts';

/**
 * The control API under `/control`: what a test or a page uses to see the world and to act in it. It takes JSON whatever the
 * content type says, and answers mistakes with 400, 404 or 409 and `{"error":{"code","field","message","hint"}}`.
 */
export async function registerControl(app: FastifyInstance, world: World): Promise<void> {
  app.setErrorHandler((error: FastifyError, _, reply) => {
    if (error instanceof ControlError) return answerError(error, reply);
    if (error.statusCode === undefined || error.statusCode >= 500) throw error;
    return answerError(new ControlError(400, '', error.message, 'Send a JSON object.'), reply);
  });

  // Requests that the log and the receivers keep may hold integers beyond 2^53.
  app.setReplySerializer((payload) => stringifyExact(payload as object));
  app.removeAllContentTypeParsers();
  // A customer's endpoint keeps whatever comes, so its scope reads no JSON.
  await app.register(async (scope) => {
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_, body, done) => done(null, body));
    registerReceiver(scope, world);
  });
  await app.register(async (scope) => {
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_, body, done) => {
      try {
        done(null, body === '' ? undefined : JSON.parse(String(body)));
      } catch (error) {
        done(new ControlError(400, '', `The body is not JSON: ${(error as Error).message}.`, 'Send a JSON object.'));
      }
    });
    registerPeople(scope, world);
    registerActions(scope, world, registerFiles(scope, world));
    registerGroups(scope, world);
    registerChats(scope, world);
    registerSettings(scope, world);
    registerCalls(scope, world);
    registerEvents(scope, world);
  });
}
