import { expect, test } from 'vitest';
import { createCallLog, type NewCall } from './calls.ts';

const CALL: NewCall = {
  time: 5,
  mono: 5,
  network: 'vk',
  method: 'users.get',
  group: null,
  status: 200,
  code: null,
  durationMs: 1,
  request: null,
};

test('an answer is kept as it was sent, with exact numbers and without secrets, also where it was cut', () => {
  const log = createCallLog();
  log.answered(log.record(CALL), '{"seq": 98211023614189657, "access_token": "vk1.demo", "key":"abc"}');
  log.answered(log.record(CALL), `{"secret_key":"${'s'.repeat(20_000)}"}`);
  const [whole, cut] = log.since(0);
  expect(whole?.answer).toBe('{"seq": 98211023614189657, "access_token": "***", "key":"***"}');
  expect(cut?.answer).toBe('{"secret_key":"***"');
});

test('parameters that VK repeats in an error keep their names, and secrets among them are masked', () => {
  const log = createCallLog();
  log.answered(log.record(CALL), '{"request_params":[{"key":"v","value":"5.199"},{"key":"secret_key","value":"s3cret"}]}');
  expect(log.since(0)[0]?.answer).toBe('{"request_params":[{"key":"v","value":"5.199"},{"key":"secret_key","value":"***"}]}');
});

test('calls are found by id and listed after one, across a reset', () => {
  const log = createCallLog();
  for (let n = 0; n < 3; n += 1) log.record(CALL);
  expect(log.after(1, 100).map(({ id }) => id)).toEqual([2, 3]);
  expect(log.after(0, 1).map(({ id }) => id)).toEqual([3]);
  log.reset();
  const next = log.record({ ...CALL, method: 'messages.send' });
  expect(next.id).toBe(4);
  expect([log.byId(3), log.byId(4)?.method, log.byId(5)]).toEqual([null, 'messages.send', null]);
  expect(log.after(0, 100)).toHaveLength(1);
});

test('answers are kept of the newest calls only', () => {
  const log = createCallLog();
  for (let n = 0; n < 5_001; n += 1) log.answered(log.record(CALL), 'ok');
  const answers = log.since(0).map(({ answer }) => answer);
  expect([answers.at(0), answers.at(1), answers.at(-1)]).toEqual([null, 'ok', 'ok']);
});
