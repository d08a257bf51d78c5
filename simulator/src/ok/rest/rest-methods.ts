import type { Group, Instant, Person, World } from '../../world/world.ts';
import { APPLICATION_SENDER, type Session, type Sessions } from '../application.ts';
import { errorByCode, type OkResult, refuse, respond } from '../ok-errors.ts';
import { bareId } from '../ok-ids.ts';

/** A call of the REST API whose key, session and signature were found right. */
export interface RestCall {
  world: World;
  sessions: Sessions;
  /** Null where the call gave none; never null where the method requires one. */
  session: Session | null;
  at: Instant;
}

export interface RestMethod {
  /** Whether a session must, may or must not be given: 453 and 451 otherwise. */
  session: 'required' | 'optional' | 'prohibited';
  run(given: Readonly<Record<string, string>>, call: RestCall): OkResult;
}

const USERS_MAX = 100;
// Both from notifications.sendSimple (contracts/ok.md 5.1).
const NOTIFICATION = { charactersMax: 100, specialCharactersMax: 5 } as const;

function userOf({ firstName, lastName, okId }: Person): Record<string, unknown> {
  return { uid: okId, first_name: firstName, last_name: lastName, name: `${firstName} ${lastName}`, locale: 'ru' };
}

function idsOf(list: string | undefined): string[] {
  return (list ?? '')
    .split(',')
    .map((id) => bareId(id.trim()))
    .filter((id) => id !== '');
}

const getCurrentUser: RestMethod = {
  session: 'required',
  run: (_given, { session }) => respond(session === null ? null : userOf(session.person)),
};

const getInfo: RestMethod = {
  session: 'optional',
  run(given, { world }) {
    const ids = idsOf(given['uids']);
    if (ids.length === 0) return refuse('PARAM', 'Missing required parameter uids');
    if (ids.length > USERS_MAX) return refuse('PARAM', `uids holds more than ${USERS_MAX} ids`);
    // Accounts that do not exist are left out, as nothing says otherwise.
    return respond(ids.flatMap((id) => world.people.byId('ok', id) ?? []).map(userOf));
  },
};

const isAppUser: RestMethod = {
  session: 'optional',
  run(given, { world, session }) {
    const person = given['uid'] === undefined ? session?.person : world.people.byId('ok', bareId(given['uid']));
    if (person === undefined) return refuse('PARAM', 'Missing required parameter uid');
    return person === null ? refuse('PARAM_USER_ID', 'Invalid user id') : respond(person.behaviour.launchedOkApplication);
  },
};

/** Letters, digits, spaces and the usual punctuation are not "special characters or emoji"; [?] OK does not say which are. */
const SPECIAL_CHARACTER = /[^\p{L}\p{N}\p{P}\s]/gu;

const sendSimple: RestMethod = {
  session: 'prohibited',
  run(given, { world, at }) {
    const { uid, text = '' } = given;
    if (uid === undefined || uid === '') return refuse('PARAM', 'Missing required parameter uid');
    if (text.trim() === '') return refuse('PARAM', 'Missing required parameter text');
    if ([...text].length > NOTIFICATION.charactersMax)
      return refuse('PARAM', `text is longer than ${NOTIFICATION.charactersMax} characters`);
    if ((text.match(SPECIAL_CHARACTER) ?? []).length > NOTIFICATION.specialCharactersMax) {
      return refuse('PARAM', `text holds more than ${NOTIFICATION.specialCharactersMax} special characters`);
    }
    const fault = world.faults.drawError('ok');
    if (fault !== null) return { ok: false, error: errorByCode(Number(fault)) };
    const person = world.people.byId('ok', bareId(uid));
    if (person === null) return refuse('PARAM_USER_ID', 'Invalid user id');
    if (!person.behaviour.launchedOkApplication)
      return refuse('LIMIT_REACHED', 'The user has not launched the application within 14 days');
    if (!world.limits.takeDaily(APPLICATION_SENDER, person.phone, at)) {
      return refuse('LIMIT_REACHED', 'The application has notified the user 5 times within a day');
    }
    replaceNotification(world, person, text, given['mark'], at);
    // [?] What OK answers is not known; old clients read a bare `true`.
    return respond(true);
  },
};

/** A person has at most one notification of an application that they have not looked at: a new one takes its place. */
function replaceNotification(world: World, person: Person, text: string, mark: string | undefined, at: Instant): void {
  for (const message of world.dialogs.find(APPLICATION_SENDER, person)?.messages ?? []) {
    if (message.status !== 'read' && !message.deleted) world.delete(message);
  }
  world.send(APPLICATION_SENDER, person, { kind: 'notification', text, at, extra: mark === undefined ? {} : { mark } });
}

const getUserGroupsByIds: RestMethod = {
  session: 'optional',
  run(given, { world }) {
    const groupId = bareId(given['group_id'] ?? '');
    const group = world.groups.byId('ok', groupId);
    if (group === null)
      return refuse('PARAM_GROUP_ID', groupId === '' ? 'Missing required parameter group_id' : 'Invalid group id');
    const ids = idsOf(given['uids']);
    if (ids.length === 0 || ids.length > USERS_MAX) return refuse('PARAM', `uids should hold 1 to ${USERS_MAX} ids`);
    return respond(ids.map((userId) => ({ groupId, userId, status: membership(world, group, userId) })));
  },
};

function membership(world: World, group: Group, userId: string): 'ACTIVE' | 'UNKNOWN' {
  const person = world.people.byId('ok', userId);
  return person !== null && world.permission(group, person) === 'allowed' ? 'ACTIVE' : 'UNKNOWN';
}

const touchSession: RestMethod = {
  session: 'required',
  run(_given, { session, sessions }) {
    // [?] The answer is not documented.
    if (session?.isLong === true) sessions.issue(session);
    return respond({ success: true });
  },
};

/** Methods by their name. Sources: contracts/ok.md 5.1, 5.4 and the pages named there. */
export const REST_METHODS: ReadonlyMap<string, RestMethod> = new Map(
  Object.entries({
    'users.getCurrentUser': getCurrentUser,
    'users.getInfo': getInfo,
    'users.isAppUser': isAppUser,
    'notifications.sendSimple': sendSimple,
    'group.getUserGroupsByIds': getUserGroupsByIds,
    'auth.touchSession': touchSession,
  }),
);
