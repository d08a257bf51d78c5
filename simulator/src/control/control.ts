import type { FastifyError, FastifyInstance } from 'fastify';
import { stringifyExact } from '../wire/wire.ts';
import { type FaultSettings, type LimitSettings, PARTIES, type Party, type World } from '../world/world.ts';
import { answerError, ControlError, type Fields, readFields, readNumber } from './answers.ts';
import { registerPeople } from './people.ts';
import { registerReceiver } from './receiver.ts';

const RATES = ['timeoutBefore', 'timeoutAfter', 'error5xx', 'duplicateEvents', 'dropEvents'] as const;
const RATE = { min: 0, max: 1 } as const;
const DELAY_MS = { min: 0, max: 600_000 } as const;
const LIMIT_NAMES = ['notificationsPerSecond', 'callsPerSecond', 'messagesPerSecond', 'notificationsPerDay'] as const;
const LIMIT = { min: 1, max: 100_000 } as const;

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
    registerWorld(scope, world);
  });
}

function registerWorld(app: FastifyInstance, world: World): void {
  app.get<{ Querystring: { since?: string } }>('/control/calls', async (request) =>
    world.calls.since(readSince(request.query.since)),
  );
  app.get('/control/violations', async () => world.limits.violations());

  app.get('/control/faults', async () => Object.fromEntries(PARTIES.map((party) => [party, world.faults.settings(party)])));
  app.post('/control/faults', async (request) => {
    const fields = readFields(request.body, ['network', ...RATES, 'errors', 'delayMs']);
    const party = readParty(fields);
    world.faults.set(party, readFaults(fields));
    return { network: party, ...world.faults.settings(party) };
  });

  app.get('/control/limits', async () => world.limits.settings());
  app.post('/control/limits', async (request) => {
    const fields = readFields(request.body, LIMIT_NAMES);
    const changed: Partial<LimitSettings> = {};
    for (const name of LIMIT_NAMES) {
      const value = fields[name] === null ? null : readNumber(fields, name, LIMIT);
      if (value !== undefined) changed[name] = value === null ? null : Math.floor(value);
    }
    world.limits.set(changed);
    return world.limits.settings();
  });

  app.post('/control/reset', async (request) => {
    const fields = readFields(request.body, ['subscriptions']);
    world.reset({ subscriptions: fields['subscriptions'] === true });
    return { ok: true };
  });
}

function readSince(text: string | undefined): number {
  const since = Number(text ?? 0);
  if (!Number.isNaN(since)) return since;
  throw new ControlError(400, 'since', '"since" must be a time in ms since 1970.', 'Leave it out to see everything.');
}

function readParty(fields: Fields): Party {
  const party = PARTIES.find((known) => known === fields['network']);
  if (party !== undefined) return party;
  throw new ControlError(400, 'network', `"network" must be one of ${PARTIES.join(', ')}.`, 'Send {"network":"vk", …}.');
}

/** Only the fields that were sent; the others stay as they are. */
function readFaults(fields: Fields): Partial<FaultSettings> {
  const changed: Partial<FaultSettings> = {};
  for (const name of RATES) {
    const rate = readNumber(fields, name, RATE);
    if (rate !== undefined) changed[name] = rate;
  }
  const { errors, delayMs } = fields;
  if (errors !== undefined) {
    if (typeof errors !== 'object' || errors === null || Array.isArray(errors)) {
      throw new ControlError(400, 'errors', '"errors" must be an object of error codes and rates.', 'Such as {"901": 0.1}.');
    }
    changed.errors = {};
    for (const code of Object.keys(errors)) changed.errors[code] = readNumber(errors as Fields, code, RATE) ?? 0;
  }
  if (delayMs !== undefined) {
    const [least, most]: unknown[] = Array.isArray(delayMs) && delayMs.length === 2 ? delayMs : [];
    if (!isDelay(least) || !isDelay(most) || least > most) {
      throw new ControlError(400, 'delayMs', `"delayMs" must be [min, max] in ms, up to ${DELAY_MS.max}.`, 'Such as [5, 50].');
    }
    changed.delayMs = [least, most];
  }
  return changed;
}

const isDelay = (value: unknown): value is number => typeof value === 'number' && value >= DELAY_MS.min && value <= DELAY_MS.max;
