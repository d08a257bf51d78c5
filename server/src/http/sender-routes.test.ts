import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Stand, startStand } from './http-stand.ts';

let stand: Stand;
beforeAll(async () => {
  stand = await startStand();
});
afterAll(() => stand[Symbol.asyncDispose]());

const errorOf = async (url: string, body: unknown) => {
  const answer = await stand.post(body, { url });
  return [answer.status, answer.body.error.code, answer.body.error.field];
};

describe('senders', () => {
  test('are paused and let go on by their name, and the list shows since when', async () => {
    const name = { service: 'Group_name' };
    const shown = { id: 7, service: 'Group_name', routes: [], budgetPerDay: null, forbiddenPatterns: [], pausedAt: null };
    const paused = { ...shown, pausedAt: '1970-01-01T00:00:00.000Z' };
    expect((await stand.post(name, { url: '/v1/senders/pause' })).body).toEqual(paused);
    expect((await stand.call({ url: '/v1/senders' })).body).toEqual({ items: [paused], nextCursor: null });
    expect((await stand.post(name, { url: '/v1/senders/resume' })).body).toEqual(shown);
    expect((await stand.call({ url: '/v1/senders' })).body.items).toEqual([shown]);
  });

  test('a name that the account does not have is not found, and the body is one object with it', async () => {
    expect(await errorOf('/v1/senders/pause', { service: 'Nobody' })).toEqual([404, 'not.found', 'service']);
    expect(await errorOf('/v1/senders/pause', { name: 'Group_name' })).toEqual([400, 'parameter.invalid', 'name']);
    expect(await errorOf('/v1/senders/resume', ['Group_name'])).toEqual([400, 'parameter.invalid', null]);
    expect(await errorOf('/v1/senders/resume', { service: 5 })).toEqual([400, 'parameter.invalid', 'service']);
  });
});

describe('cancelling many', () => {
  const cancel = async (body: unknown) => (await stand.post(body, { url: '/v1/messages/cancel' })).body.cancelled;

  test('goes by ids, by the key of their request, or by a phone in any spelling', async () => {
    expect(await cancel({ messageIds: [1, 2] })).toEqual([1, 2]);
    expect(await cancel({ idempotencyKey: 'order 5' })).toEqual([5]);
    expect(await cancel({ phone: '+7 (999) 999-99-99' })).toEqual([79999999999]);
  });

  test('by exactly one of them', async () => {
    const url = '/v1/messages/cancel';
    expect(await errorOf(url, { messageIds: [1], phone: '79999999999' })).toEqual([400, 'parameter.invalid', null]);
    expect(await errorOf(url, {})).toEqual([400, 'parameter.invalid', null]);
    expect(await errorOf(url, { messageIds: [0] })).toEqual([400, 'parameter.invalid', 'messageIds[0]']);
    expect(await errorOf(url, { phone: '123' })).toEqual([400, 'parameter.invalid', 'phone']);
    expect(await errorOf(url, { idempotencyKey: 'order 6' })).toEqual([404, 'not.found', 'idempotencyKey']);
  });
});
