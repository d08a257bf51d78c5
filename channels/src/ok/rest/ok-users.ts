import type { ActionOutcome, UserProfile } from '../../actions.ts';
import { BrokenBodyError, type Fields, readFields } from '../../body/body.ts';
import { actionOutcome, nothing } from '../ok-answer.ts';
import { withoutPrefix } from '../ok-ids.ts';
import type { OkSettings } from '../ok-settings.ts';
import { type OkUpdates, readOkUpdates } from '../ok-updates.ts';
import type { OkCall, OkSession } from './ok-rest.ts';

const MEMBERSHIPS = ['ACTIVE', 'MAYBE', 'BLOCKED', 'ADMIN', 'MODERATOR', 'PASSIVE', 'UNKNOWN'] as const;
export type OkMembership = (typeof MEMBERSHIPS)[number];

/** How many calls of a method are left for the application and, where one was named, for a person. */
export interface OkCallsLeft {
  method: string;
  available: boolean;
  /** Null where OK names no number. */
  callsLeft: number | null;
}

/**
 * None of these throws. An EXTERNAL application needs a session where one may be given. Ids are without prefix; OK gives a person
 * another id in every application unless it says otherwise.
 */
export interface OkUsers {
  /** `users.getInfo`, at most 100; who does not exist is left out. */
  getUsers(userIds: readonly string[], signal: AbortSignal, session?: OkSession): Promise<ActionOutcome<readonly UserProfile[]>>;
  /** `users.getCurrentUser`: whose session it is. */
  getCurrentUser(session: OkSession, signal: AbortSignal): Promise<ActionOutcome<UserProfile>>;
  /** `users.isAppUser` */
  isAppUser(userId: string, signal: AbortSignal, session?: OkSession): Promise<ActionOutcome<boolean>>;
  /** `users.getCallsLeft` */
  getCallsLeft(
    methods: readonly string[],
    signal: AbortSignal,
    of?: { userId?: string; session?: OkSession },
  ): Promise<ActionOutcome<readonly OkCallsLeft[]>>;
  /** `group.getUserGroupsByIds`, at most 100 people: what each is in the group; who is not mentioned is left out. */
  getMemberships(
    groupId: string,
    userIds: readonly string[],
    signal: AbortSignal,
    session?: OkSession,
  ): Promise<ActionOutcome<readonly { userId: string; membership: OkMembership }[]>>;
  /** `auth.touchSession`: another 30 days for a long token. */
  touchSession(session: OkSession, signal: AbortSignal): Promise<ActionOutcome>;
  /** `events.updates`, which forbids a session: events of the application, held back for `timeoutSeconds` where there are none. */
  getUpdates(
    from: { marker?: string; types?: readonly string[]; count?: number; timeoutSeconds?: number; commit?: boolean },
    signal: AbortSignal,
  ): Promise<ActionOutcome<OkUpdates>>;
}

const IDS_MAX = 100;
const ANSWER_MARGIN_MS = 10_000;

/** Source: apiok.ru/en/dev/methods/rest, users, group, auth and events. */
export function createOkUsers(call: OkCall, settings: Pick<OkSettings, 'userFields'>): OkUsers {
  const inSession = (session: OkSession | undefined) => (session === undefined ? {} : { session });
  return {
    async getUsers(userIds, signal, session) {
      if (userIds.length > IDS_MAX) return tooMany('userIds', userIds.length);
      const params = { uids: userIds.join(','), fields: settings.userFields, emptyPictures: 'true' };
      return actionOutcome(await call('users.getInfo', params, signal, inSession(session)), (result) =>
        readList(result, 'users').map(readUser),
      );
    },
    async getCurrentUser(session, signal) {
      const answer = await call('users.getCurrentUser', { fields: settings.userFields }, signal, { session });
      return actionOutcome(answer, (result) => readUser(readFields(result, 'user')));
    },
    async isAppUser(userId, signal, session) {
      const answer = await call('users.isAppUser', { uid: userId }, signal, inSession(session));
      return actionOutcome(answer, (result) => {
        if (typeof result !== 'boolean') throw new BrokenBodyError("OK's answer", 'must be true or false');
        return result;
      });
    },
    async getCallsLeft(methods, signal, { userId, session } = {}) {
      const params = { methods: methods.join(','), ...(userId !== undefined && { uid: userId }) };
      return actionOutcome(await call('users.getCallsLeft', params, signal, inSession(session)), (result) =>
        readList(result, 'calls').map((entry) => ({
          method: entry.text('name'),
          available: entry.raw('available') === true,
          callsLeft: entry.has('callsLeft') ? entry.integer('callsLeft') : null,
        })),
      );
    },
    async getMemberships(groupId, userIds, signal, session) {
      if (userIds.length > IDS_MAX) return tooMany('userIds', userIds.length);
      const params = { group_id: groupId, uids: userIds.join(',') };
      return actionOutcome(await call('group.getUserGroupsByIds', params, signal, inSession(session)), (result) =>
        readList(result, 'memberships').map((entry) => ({
          userId: withoutPrefix(entry.textOrId('userId'), 'user'),
          membership: MEMBERSHIPS.find((known) => known === entry.raw('status')) ?? 'UNKNOWN',
        })),
      );
    },
    async touchSession(session, signal) {
      return actionOutcome(await call('auth.touchSession', {}, signal, { session }), nothing);
    },
    async getUpdates({ marker, types, count, timeoutSeconds = 0, commit }, signal) {
      const params = {
        timeout: String(timeoutSeconds),
        ...(marker !== undefined && { marker }),
        ...(types !== undefined && { types: types.join(',') }),
        ...(count !== undefined && { count: String(count) }),
        ...(commit !== undefined && { commit: String(commit) }),
      };
      const timeoutMs = timeoutSeconds * 1_000 + ANSWER_MARGIN_MS;
      return actionOutcome(await call('events.updates', params, signal, { timeoutMs }), readOkUpdates);
    },
  };
}

/** Newer pages of OK print the list alone, older ones an object that holds it under `name`. */
function readList(result: unknown, name: string): Fields[] {
  const list = Array.isArray(result) ? result : readFields(result, "OK's answer").array(name);
  return list.map((entry, index) => readFields(entry, `${name}[${index}]`));
}

function readUser(user: Fields): UserProfile {
  const read = (field: string): string => (user.has(field) ? user.text(field) : '');
  return {
    userId: withoutPrefix(user.textOrId('uid'), 'user'),
    name: read('name') || [read('first_name'), read('last_name')].filter((part) => part !== '').join(' '),
    pictureUrl: PICTURES.map(read).find((url) => url !== '') ?? null,
  };
}

/** OK answers with the names that were asked for, or with those of its old pages. */
const PICTURES = ['pic128x128', 'pic190x190', 'pic_1', 'pic_2'];

function tooMany(place: string, count: number): ActionOutcome<never> {
  return { kind: 'refused', networkCode: 'limit', detail: `${place}: OK takes at most ${IDS_MAX}, there are ${count}` };
}
