import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createManualClock, type ManualClock } from '../../world/world.ts';
import { sessionSecret } from '../ok-signature.ts';
import { ANNA, BORIS, DINA, type OkReply, type SimulatedOk, startOk } from '../test/start-ok.ts';
import { REST_METHODS } from './rest.ts';

const SECRET = 'DEMOAPPSECRET';
const TOKEN = 'ok-user-anna';

/** What a method is called with besides key, session and signature, and what it must answer: a body, or the number of an error. */
interface Case {
  name: string;
  given: Record<string, string>;
  answers: unknown;
  error?: true;
}

const good = (given: Record<string, string>, answers: unknown): Case => ({ name: 'good', given, answers });
const bad = (name: string, given: Record<string, string>, code: number): Case => ({ name, given, answers: code, error: true });

// The manual clock starts on 2026-09-21 14:13 UTC.
const MASS = { text: 'Скидка', expires: '2026.09.25 12:00' };
const MANY = Array(101).fill('1').join(',');
const group = { group_id: '70000000000001' };

const METHODS: Readonly<Record<string, readonly Case[]>> = {
  'users.getCurrentUser': [
    good(
      {},
      expect.objectContaining({
        uid: ANNA.id,
        first_name: 'Анна',
        last_name: 'Белова',
        gender: 'female',
        birthday: '1996-01-01',
      }),
    ),
    good(
      { fields: 'name,pic_1' },
      { uid: ANNA.id, name: 'Анна Белова', pic_1: expect.stringMatching(/\/ok\/pictures\/123456789012$/) },
    ),
  ],
  'users.getLoggedInUser': [good({}, ANNA.id)],
  'users.getInfo': [
    good({ uids: `${BORIS.id},1`, fields: 'FIRST_NAME' }, [{ uid: BORIS.id, first_name: 'Борис' }]),
    good({ uids: '1' }, []),
    bad('nobody named', {}, 100),
    bad('101 people', { uids: MANY }, 100),
  ],
  'users.isAppUser': [good({ uid: DINA.id }, false), good({}, true), bad('nobody known', { uid: '1' }, 110)],
  'users.getCallsLeft': [
    good({ uid: ANNA.id, methods: 'notifications.sendSimple,users.getInfo' }, [
      { available: true, callsLeft: 5, name: 'notifications.sendSimple' },
      { available: true, callsLeft: null, name: 'users.getInfo' },
    ]),
    good({ methods: 'notifications.sendMessage' }, [{ available: true, callsLeft: 1, name: 'notifications.sendMessage' }]),
    bad('no methods', { uid: ANNA.id }, 100),
    bad('nobody known', { uid: '1', methods: 'a' }, 110),
  ],
  'friends.get': [
    good({}, expect.arrayContaining([BORIS.id, DINA.id])),
    good({ fid: BORIS.id }, [BORIS.id]),
    good({ uid: '580000000001' }, []),
    bad('nobody known', { uid: '1' }, 110),
  ],
  'group.getInfo': [
    good({ uids: '70000000000001', fields: 'name' }, [{ uid: '70000000000001', name: 'Пиццерия «Сорока»' }]),
    good({ uids: '1' }, []),
    bad('no group', {}, 100),
  ],
  'group.getUserGroupsByIds': [
    good({ ...group, uids: `user:${ANNA.id},1` }, [
      { groupId: group.group_id, userId: ANNA.id, status: 'ACTIVE' },
      { groupId: group.group_id, userId: '1', status: 'UNKNOWN' },
    ]),
    bad('an unknown group', { group_id: '1', uids: ANNA.id }, 160),
    bad('no group', { uids: ANNA.id }, 100),
    bad('101 people', { ...group, uids: MANY }, 100),
  ],
  'url.getInfo': [
    good(
      { url: 'https://ok.ru/group/70000000000001' },
      { type: 'GROUP', objectId: 70_000_000_000_001, objectIdStr: '70000000000001' },
    ),
    good({ url: `ok.ru/profile/${ANNA.id}` }, { type: 'PROFILE', objectId: Number(ANNA.id), objectIdStr: ANNA.id }),
    bad('another site', { url: 'https://example.org/group/70000000000001' }, 300),
    bad('no address', {}, 100),
  ],
  'notifications.sendSimple': [
    good({ uid: ANNA.id, text: 'Готово!', mark: 'pizza' }, true),
    bad('no person', { text: 'Готово!' }, 100),
    bad('no text', { uid: ANNA.id, text: ' ' }, 100),
    bad('101 characters', { uid: ANNA.id, text: 'я'.repeat(101) }, 100),
    bad('six emoji', { uid: ANNA.id, text: '🐦'.repeat(6) }, 100),
    bad('nobody known', { uid: '1', text: 'а' }, 110),
    bad('who has not launched the application', { uid: DINA.id, text: 'а' }, 11),
  ],
  'notifications.sendMessage': [
    good(
      { user_ids: `${ANNA.id},${DINA.id},1`, message: 'Готово' },
      { result: { [ANNA.id]: 'OK', [DINA.id]: 'NOT_AUTHORIZED', 1: 'FAILED' } },
    ),
    good({ user_ids: BORIS.id, msg_id: 'ready' }, { result: { [BORIS.id]: 'OK' } }),
    bad('255 characters', { user_ids: ANNA.id, message: 'я'.repeat(255) }, 100),
    bad('nobody', { message: 'а' }, 100),
    bad('neither a text nor the id of one', { user_ids: ANNA.id }, 100),
  ],
  'notifications.sendMass': [
    good(MASS, 1),
    bad('201 characters', { ...MASS, text: 'я'.repeat(201) }, 100),
    bad('no end', { text: 'а' }, 100),
    bad('an end in another form', { ...MASS, expires: '25.09.2026' }, 100),
    bad('an end in the past', { ...MASS, expires: '2026.09.21 17:13' }, 100),
    bad('an end 14 days ahead', { ...MASS, expires: '2026.10.05 17:14' }, 100),
    bad('an unknown status', { ...MASS, status: 'ALL' }, 100),
    bad('an unknown gender', { ...MASS, gender: 'X' }, 100),
    bad('ages the wrong way round', { ...MASS, age_range: '30-20' }, 100),
    bad('birthdays in another form', { ...MASS, birthday_range: '1-2' }, 100),
    bad('days in another form', { ...MASS, last_access_range: '09.20-09.21' }, 100),
    bad('an email that is neither', { ...MASS, has_email: 'perhaps' }, 100),
    bad('a mask of 33 bits', { ...MASS, mask: '4294967296' }, 100),
  ],
  'notifications.stopSendMass': [bad('an unknown one', { id: '77' }, 300), bad('no id', {}, 100)],
  'auth.touchSession': [good({}, { success: true })],
  'auth.expireSession': [good({}, { success: true })],
  'events.updates': [
    good({ timeout: '0' }, { updates: [], marker: expect.any(String) }),
    bad('a time in words', { timeout: 'long' }, 100),
  ],
};

let ok: SimulatedOk;
let clock: ManualClock;
beforeAll(async () => {
  clock = createManualClock();
  ok = await startOk(clock);
});
beforeEach(() => ok.world.reset());
afterAll(() => ok[Symbol.asyncDispose]());

/** With Anna's session wherever one may be given. */
function call(method: string, given: Record<string, string>): Promise<OkReply> {
  const isInSession = REST_METHODS.get(method)?.session !== 'prohibited';
  return isInSession
    ? ok.rest({ method, access_token: TOKEN, ...given }, sessionSecret(TOKEN, SECRET))
    : ok.rest({ method, ...given }, SECRET);
}

test('every method that exists stands in the table', () => {
  expect(Object.keys(METHODS).sort()).toEqual([...REST_METHODS.keys()].sort());
});

describe.each(Object.entries(METHODS))('%s', (method, cases) => {
  test.each(cases)('$name: $given', async ({ given, answers, error }) => {
    const { status, headers, body } = await call(method, given);
    expect(status).toBe(200);
    if (error === undefined) expect([body, headers.get('invocation-error')]).toEqual([answers, null]);
    else expect([body.error_code, headers.get('invocation-error')]).toEqual([answers, String(answers)]);
  });

  test('a session is taken, needed or refused as its page says', async () => {
    const { session } = REST_METHODS.get(method) ?? {};
    const given = cases.find(({ error }) => error === undefined)?.given ?? cases[0]?.given ?? {};
    const without = (await ok.rest({ method, ...given }, SECRET)).body;
    const within = (await ok.rest({ method, access_token: TOKEN, ...given }, sessionSecret(TOKEN, SECRET))).body;
    const codes = [without, within].map((body) => (body as { error_code?: number } | null)?.error_code ?? null);
    if (session === 'required') expect(codes[0]).toBe(453);
    if (session === 'prohibited') expect(codes[1]).toBe(451);
    if (session === 'optional') expect(codes).not.toContain(453);
  });
});
