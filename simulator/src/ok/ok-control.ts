import type { FastifyError, FastifyInstance } from 'fastify';
import { answerError, ControlError, readFields, readPerson, readText } from '../control/answers.ts';
import { stringifyExact } from '../wire/wire.ts';
import type { OkNetwork } from './ok-network.ts';
import { OK_SETTINGS } from './ok-settings.ts';

/**
 * What a test or the page may do to OK besides acting in the world, under `/control/ok`:
 * `settings` lists (GET) and changes (POST `{name: value}`) what no document of OK states; `redirect-uris {uri}` registers an
 * address that people may be sent back to; `revoke {phone}` takes back what a
 * person allowed the application; `application-webhook {url}` asks a webhook of the application to confirm itself;
 * `application-event {event}` sends an event of the application. Mistakes are answered as by the rest of the control API.
 */
export function addOkControl(scope: FastifyInstance, network: OkNetwork): void {
  scope.setErrorHandler((error: FastifyError, _request, reply) => {
    if (error instanceof ControlError) return answerError(error, reply);
    throw error;
  });
  scope.setReplySerializer((payload) => stringifyExact(payload as object));
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body === '' ? undefined : JSON.parse(String(body)));
    } catch (error) {
      done(new ControlError(400, '', `The body is not JSON: ${(error as Error).message}.`, 'Send a JSON object.'));
    }
  });

  const settings = () =>
    Object.entries(OK_SETTINGS).map(([name, setting]) => ({
      name,
      value: network.settings.values[name as keyof typeof OK_SETTINGS],
      ...setting,
    }));
  scope.get('/settings', async () => settings());
  scope.post('/settings', async (request) => {
    const names = Object.keys(OK_SETTINGS);
    const fields = readFields(request.body, names);
    const problem = network.settings.set(fields);
    if (problem === null) return settings();
    throw new ControlError(400, problem.split(' ')[0] ?? '', `${problem}.`, 'GET /control/ok/settings says what each may be.');
  });

  scope.post('/redirect-uris', async (request) => {
    const uri = readText(readFields(request.body, ['uri']), 'uri');
    if (!URL.canParse(uri) || uri.includes('?') || uri.includes('#')) {
      throw new ControlError(
        400,
        'uri',
        '"uri" must be an address without query and fragment.',
        'Such as http://127.0.0.1:8080/back.',
      );
    }
    network.redirectUris.add(uri);
    return { ok: true, redirectUris: [...network.redirectUris] };
  });
  scope.post('/revoke', async (request) => {
    const fields = readFields(request.body, ['phone']);
    network.sessions.revoke(readPerson(network.world, readText(fields, 'phone')));
    return { ok: true };
  });

  scope.post('/application-webhook', async (request) => {
    const fields = readFields(request.body, ['url']);
    return network.applicationEvents.confirm(readText(fields, 'url'));
  });

  scope.post('/application-event', async (request) => {
    const { event } = readFields(request.body, ['event']);
    if (typeof event !== 'object' || event === null || Array.isArray(event)) {
      throw new ControlError(400, 'event', '"event" must be an object.', 'It is sent to the application as it is.');
    }
    network.applicationEvents.publish(event);
    return { ok: true };
  });
}
