import { readFixture } from '@soroka/fixtures';
import { afterEach, describe, expect, test } from 'vitest';
import { type Played, type PlayedServer, playAnswers } from '../../../test/play-answers.ts';
import type { OkMassNotification } from './ok-mass.ts';
import { createOkRest, type OkRest } from './ok-rest.ts';

const never = new AbortController().signal;
const NOW = new Date('2026-03-01T21:30:00Z');
const open: OkRest[] = [];
const restAt = ({ url }: PlayedServer): OkRest => {
  const application = { applicationKey: 'APPKEY', applicationSecret: 'SECRET' };
  const rest = createOkRest({ baseUrl: url, ...application, timeoutMs: 5_000, now: () => NOW });
  open.push(rest);
  return rest;
};
const formOf = ({ requests }: PlayedServer) => Object.fromEntries(new URLSearchParams(requests[0]?.body));
afterEach(() => Promise.all(open.splice(0).map((rest) => rest.close())));

describe('a simple notification', () => {
  test.each([
    ['я'.repeat(101), 'text: at most 100 characters, there are 101'],
    ['★☆★☆★☆', 'text: at most 5 special characters or emoji, there are 6'],
    ['🍕🍕🍕🍕🍕🍕', 'text: at most 5 special characters or emoji, there are 6'],
    [' ', 'text: a notification has a text'],
  ])('with the text %s is refused before the call, naming the rule', async (text, detail) => {
    await using server = await playAnswers({ body: 'true' });
    const outcome = await restAt(server).sendSimple({ uid: '5', text }, never);
    expect(outcome).toEqual({ kind: 'refused', reason: 'content', networkCode: 'content_text', detail });
    expect(server.requests).toEqual([]);
  });

  test('may hold a hundred characters, five of them emoji, and what happens at a click', async () => {
    await using server = await playAnswers({ body: '"n1"' });
    const text = `🍕🍕🍕🍕🍕${'я'.repeat(95)}`;
    const more = { mark: 'm', qualifier: 'q', customButtonKey: 'button_accept' };
    expect(await restAt(server).sendSimple({ uid: '5', text, ...more }, never)).toEqual({ kind: 'sent', networkId: 'n1' });
    expect(formOf(server)).toMatchObject({ text, mark: 'm', qualifier: 'q', custom_button_key: 'button_accept' });
  });

  test.each([
    [11, 'daily_limit'], // not within 14 days, or the sixth today
    [25, 'refused_by_user'],
    [455, 'refused_by_user'],
  ])('that OK refuses with error %i', async (code, reason) => {
    await using server = await playAnswers({ body: JSON.stringify({ error_code: code, error_msg: 'NAME : text' }) });
    const outcome = await restAt(server).sendSimple({ uid: '5', text: 'x', mark: 'm' }, never);
    expect(outcome).toEqual({ kind: 'refused', reason, networkCode: String(code), answer: 'NAME : text' });
  });
});

describe('a mass notification', () => {
  const mass = (fields: Partial<OkMassNotification> = {}): OkMassNotification => ({
    text: 'Скидки',
    expiresAt: new Date('2026-03-10T21:05:00Z'),
    ...fields,
  });

  test('carries its filters, and its end in Moscow’s time', async () => {
    await using server = await playAnswers({ body: '77' });
    const notification = mass({
      shownTo: 'admins',
      gender: 'female',
      ageYears: { from: 20, to: 25 },
      birthday: { from: { month: 1, day: 9 }, to: { month: 2, day: 10 } },
      countryCode: 'RU',
      cityCode: '77',
      firstOpened: { from: new Date('2026-01-01T12:00:00Z'), to: new Date('2026-01-31T22:00:00Z') },
      lastOpened: { from: new Date('2026-02-01T12:00:00Z'), to: new Date('2026-02-02T12:00:00Z') },
      hasEmail: false,
      mask: { bits: 4_294_967_295, exactMatch: true },
      mark: 'm',
    });
    expect(await restAt(server).sendMass(notification, never)).toEqual({ kind: 'done', result: { id: '77' } });
    expect(formOf(server)).toMatchObject({
      method: 'notifications.sendMass',
      text: 'Скидки',
      expires: '2026.03.11 00:05',
      status: 'ADMINS_ONLY',
      gender: 'FEMALE',
      age_range: '20-25',
      birthday_range: '01.09-02.10',
      country: 'RU',
      city: '77',
      first_access_range: '2026.01.01-2026.02.01',
      last_access_range: '2026.02.01-2026.02.02',
      has_email: 'false',
      mask: '4294967295',
      maskExactMatch: 'true',
      mark: 'm',
    });
  });

  test.each<[Partial<OkMassNotification>, string]>([
    [{ text: 'я'.repeat(201) }, 'text: at most 200 characters, there are 201'],
    [{ text: '' }, 'text: a notification has a text'],
    [{ expiresAt: new Date('2026-03-15T21:30:00Z') }, 'expiresAt: must be less than 14 days ahead'],
    [{ expiresAt: NOW }, 'expiresAt: lies in the past'],
    [{ ageYears: { from: 30, to: 20 } }, 'ageYears: from is more than to'],
    [{ mask: { bits: 2 ** 32 } }, 'mask.bits: 32 bits, 0 to 4294967295'],
  ])('with %j is refused before the call', async (fields, detail) => {
    await using server = await playAnswers({ body: '77' });
    expect(await restAt(server).sendMass(mass(fields), never)).toEqual({ kind: 'refused', networkCode: 'limit', detail });
    expect(server.requests).toEqual([]);
  });

  test('gives the id that stops it, alone or in an object, and says where there is none', async () => {
    await using server = await playAnswers({ body: '{"id":"a1"}' }, { body: 'true' }, { body: '{"success":true}' });
    const rest = restAt(server);
    expect(await rest.sendMass(mass(), never)).toEqual({ kind: 'done', result: { id: 'a1' } });
    expect(await rest.sendMass(mass(), never)).toMatchObject({ kind: 'refused', networkCode: 'unreadable_answer' });
    expect(await rest.stopSendMass('a1', never)).toEqual({ kind: 'done', result: null });
    expect(Object.fromEntries(new URLSearchParams(server.requests[2]?.body))).toMatchObject({
      method: 'notifications.stopSendMass',
      id: 'a1',
    });
  });
});

describe('a notification to named people', () => {
  test('says of each what became of it', async () => {
    await using server = await playAnswers({ body: readFixture('ok/notification-statuses').text });
    const notification = { userIds: ['3', '1', '2', '4'], message: 'Ваш заказ готов', messageId: 'm1', mark: 'm' };
    expect(await restAt(server).sendMessage(notification, never, { accessToken: 'TOKEN' })).toEqual({
      kind: 'done',
      result: [
        { userId: '3', status: 'RATE_EXCEEDED' },
        { userId: '1', status: 'OK' },
        { userId: '2', status: 'NOTIFICATIONS_DISABLED' },
        { userId: '4', status: 'UNKNOWN' },
      ],
    });
    expect(formOf(server)).toMatchObject({ user_ids: '3,1,2,4', msg_id: 'm1', mark: 'm', access_token: 'TOKEN' });
  });

  test.each<[Played, object]>([
    [{ body: '{"error_code":453,"error_msg":"SESSION_REQUIRED : x"}' }, { kind: 'stopped', networkCode: '453' }],
    [{ body: '{"error_code":11,"error_msg":"LIMIT_REACHED : x"}' }, { kind: 'failed', retryAfterMs: 60_000 }],
    [
      { status: 429, headers: { 'retry-after': '7' }, body: '' },
      { kind: 'failed', networkCode: 'http_429', retryAfterMs: 7_000 },
    ],
    [{ body: '<html>' }, { kind: 'failed', networkCode: 'unanswered' }],
    [{ body: '[]' }, { kind: 'refused', networkCode: 'unreadable_answer' }],
  ])('answered with %j is a value', async (answer, expected) => {
    await using server = await playAnswers(answer);
    expect(await restAt(server).sendMessage({ userIds: ['1'], message: 'x' }, never)).toMatchObject(expected);
  });

  test('may name a text that is kept at OK, and needs one of the two', async () => {
    await using server = await playAnswers({ body: '{"result":{"1":"OK"}}' });
    const rest = restAt(server);
    expect(await rest.sendMessage({ userIds: ['1'] }, never)).toMatchObject({ kind: 'refused', networkCode: 'limit' });
    expect(await rest.sendMessage({ userIds: ['1'], messageId: 'm1' }, never)).toMatchObject({ kind: 'done' });
    expect(server.requests).toHaveLength(1);
    expect(formOf(server)).toMatchObject({ msg_id: 'm1' });
    expect(formOf(server)).not.toHaveProperty('message');
  });

  test('is refused before the call where it is too long', async () => {
    await using server = await playAnswers({ body: '{}' });
    const outcome = await restAt(server).sendMessage({ userIds: ['1'], message: 'я'.repeat(255) }, never);
    expect(outcome).toMatchObject({ kind: 'refused', detail: 'message: at most 254 characters, there are 255' });
    expect(server.requests).toEqual([]);
  });
});
