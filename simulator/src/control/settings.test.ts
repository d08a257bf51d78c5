import { afterEach, beforeEach, expect, test } from 'vitest';
import { createManualClock, type Simulator, startSimulator } from '../simulator.ts';
import { controlClient } from './test/control-client.ts';

let simulator: Simulator;
let control: ReturnType<typeof controlClient>;
const start = async (options = {}): Promise<void> => {
  simulator = await startSimulator({ seed: 1, ...options });
  control = controlClient(simulator);
};
beforeEach(() => start());
afterEach(() => simulator.stop());

interface VkAnswer<Response> {
  response?: Response;
  error?: { error_code: number };
}
async function vk<Response>(method: string, parameters: Record<string, string> = {}): Promise<VkAnswer<Response>> {
  const { access_token = 'vk1.demo' } = parameters;
  const body = new URLSearchParams({ v: '5.199', group_id: '213243638', ...parameters, access_token });
  const answer = await fetch(`${simulator.url}/vk/method/${method}`, { method: 'POST', body });
  return (await answer.json()) as VkAnswer<Response>;
}

test('time is moved on and runs faster, until a reset', async () => {
  const before = await control.get<{ now: number }>('clock');
  const after = await control.post<{ now: number; speed: number }>('clock', { advanceMs: 3_600_000, speed: 60 });
  expect(after.now - before.now).toBeGreaterThanOrEqual(3_600_000);
  expect(after.speed).toBe(60);
  await control.post('reset');
  expect(await control.get('clock')).toMatchObject({ speed: 1 });
});

test('a clock that a test holds is moved on, and does not run', async () => {
  await simulator.stop();
  const clock = createManualClock();
  await start({ clock });
  const now = clock.now();
  expect(await control.post('clock', { advanceMs: 5 })).toEqual({ now: now + 5, speed: 0 });
  expect(await control.call('POST', 'clock', { speed: 60 })).toMatchObject({ status: 409, body: { error: { field: 'speed' } } });
});

test.each([
  ['clock', { speed: 0 }, 'speed'],
  ['clock', { advanceMs: -1 }, 'advanceMs'],
  ['limits', { replyWindowHours: 0 }, 'replyWindowHours'],
  ['long-poll', { fail: 4 }, 'fail'],
  ['confirmation-code', { oldStillTaken: 'yes' }, 'oldStillTaken'],
  ['tokens', { network: 'vk' }, 'do'],
  ['tokens', { network: 'vk', do: 'lend' }, 'do'],
] as const)('%s with %j is refused by the name of the field', async (path, body, field) => {
  expect(await control.call('POST', path, body)).toMatchObject({ status: 400, body: { error: { field } } });
});

test('a token that was renewed ends the one before, a killed one is refused, and a reset brings the first back', async () => {
  const isTaken = async (token: string) =>
    (await vk('groups.getTokenPermissions', { access_token: token })).error?.error_code ?? true;
  const { token } = await control.post<{ token: string }>('tokens', { network: 'vk', do: 'renew' });
  expect([await isTaken('vk1.demo'), await isTaken(token)]).toEqual([5, true]);
  expect(await control.post('tokens', { network: 'vk', do: 'kill' })).toMatchObject({ token, isAlive: false });
  expect(await isTaken(token)).toBe(5);
  await control.post('reset');
  expect(await isTaken('vk1.demo')).toBe(true);
  expect(await control.get('tokens')).toMatchObject([
    { network: 'vk', isAlive: true },
    { network: 'ok', isAlive: true },
  ]);
});

test.each([1, 2, 3])('the next poll of VK fails with %i when it is told to', async (fail) => {
  const { response } = await vk<{ server: string; key: string; ts: string }>('groups.getLongPollServer');
  await control.post('long-poll', { fail });
  const poll = async () => (await fetch(`${response?.server}?act=a_check&key=${response?.key}&ts=${response?.ts}&wait=0`)).json();
  expect(await poll()).toMatchObject({ failed: fail });
});

test('the confirmation code changes when it is told to', async () => {
  const code = async () => (await vk<{ code: string }>('groups.getCallbackConfirmationCode')).response?.code;
  const before = await code();
  await control.post('confirmation-code');
  expect(await code()).not.toBe(before);
});

test('a call is listed with what was asked and what was answered, without its secrets', async () => {
  await vk('groups.getLongPollServer');
  const [line] = await control.get<{ id: number }[]>('calls');
  const call = await control.get<{ request: object; answer: string }>(`calls/${line?.id}`);
  expect(call).toMatchObject({ method: 'groups.getLongPollServer', status: 200, request: { access_token: '***' } });
  expect(JSON.parse(call.answer)).toMatchObject({ response: { key: '***' } });
  expect(await control.call('GET', 'calls/999')).toMatchObject({ status: 404 });
});
