import type { Person } from '../../world/world.ts';
import { APPLICATION_SENDER } from '../application.ts';
import { errorByCode, type Refused, refuse, respond } from '../ok-errors.ts';
import { bareId } from '../ok-ids.ts';
import { type RestCall, type RestMethod, type RestMethods, required, requiredIds } from './rest-method.ts';

/** Bounds of both methods, in characters and people (contracts/ok.md 5.1 and 5.3). */
export const NOTIFICATION = {
  simpleCharactersMax: 100,
  simpleSpecialCharactersMax: 5,
  messageCharactersMax: 254,
  // [?] How many one sendMessage may name is not documented.
  recipientsMax: 100,
} as const;

/** Letters, digits, spaces and the usual punctuation are not "special characters or emoji"; [?] OK does not say which are. */
const SPECIAL_CHARACTER = /[^\p{L}\p{N}\p{P}\s]/gu;

/** One to a person who has launched the application within 14 days. [?] What OK answers is not known; old clients read `true`. */
const sendSimple: RestMethod = {
  session: 'prohibited',
  scope: 'VALUABLE_ACCESS',
  run(call) {
    const { given, world, network, at } = call;
    const uid = required(given, 'uid');
    if (!uid.ok) return uid;
    const text = required(given, 'text');
    if (!text.ok) return text;
    const problem = simpleTextProblem(text.value);
    if (problem !== null) return refuse('PARAM', problem);
    const fault = world.faults.drawError('ok');
    if (fault !== null) return { ok: false, error: errorByCode(Number(fault)) };
    const person = world.people.byId('ok', bareId(uid.value));
    if (person?.okId == null) return refuse('PARAM_USER_ID', 'Invalid user id');
    if (!person.behaviour.launchedOkApplication)
      return refuse('LIMIT_REACHED', 'The user has not launched the application within 14 days');
    if (!network.quotas.take('notifications.sendSimple', person.okId, at)) {
      return refuse('LIMIT_REACHED', 'The application has notified the user 5 times within a day');
    }
    return replaceNotification(call, person, text.value) ?? respond(true);
  },
};

function simpleTextProblem(text: string): string | null {
  if ([...text].length > NOTIFICATION.simpleCharactersMax)
    return `text is longer than ${NOTIFICATION.simpleCharactersMax} characters`;
  const special = (text.match(SPECIAL_CHARACTER) ?? []).length;
  return special > NOTIFICATION.simpleSpecialCharactersMax
    ? `text holds more than ${NOTIFICATION.simpleSpecialCharactersMax} special characters`
    : null;
}

/** A person has at most one notification of an application that they have not looked at: a new one takes its place. */
function replaceNotification({ world, network, given, at }: RestCall, person: Person, text: string): Refused | null {
  const { mark } = given;
  const sent = world.send(APPLICATION_SENDER, person, {
    kind: 'notification',
    text,
    at,
    extra: mark === undefined ? {} : { custom_args: mark },
  });
  if (!sent.ok) return refuse('PRIVACY_RESTRICTION', 'The user has forbidden notifications of the application');
  const before = network.notifications.get(person);
  if (before !== undefined && before.status !== 'read' && !before.deleted) world.delete(before);
  network.notifications.set(person, sent.message);
  return null;
}

type MessageResult =
  | 'OK'
  | 'FAILED'
  | 'INACTIVE'
  | 'LIMIT_REACHED'
  | 'NOTIFICATIONS_DISABLED'
  | 'NOT_AUTHORIZED'
  | 'RATE_EXCEEDED';

/**
 * One to each of several people: a text, or the id of one that is kept at OK. [?] Whether one of the two must be there, and which
 * goes first, no page says; the simulator keeps no texts, and shows the id.
 */
const sendMessage: RestMethod = {
  session: 'optional',
  scope: 'VALUABLE_ACCESS',
  run(call) {
    const ids = requiredIds(call.given, 'user_ids', NOTIFICATION.recipientsMax);
    if (!ids.ok) return ids;
    const message = required(call.given, 'message');
    const text = message.ok ? message : required(call.given, 'msg_id');
    if (!text.ok) return refuse('PARAM', 'Missing required parameter message or msg_id');
    if (message.ok && [...message.value].length > NOTIFICATION.messageCharactersMax) {
      return refuse('PARAM', `message is longer than ${NOTIFICATION.messageCharactersMax} characters`);
    }
    const fault = call.world.faults.drawError('ok');
    if (fault !== null) return { ok: false, error: errorByCode(Number(fault)) };
    return respond({ result: Object.fromEntries(ids.ids.map((userId) => [userId, messageTo(call, userId, text.value)])) });
  },
};

function messageTo({ world, network, given, at }: RestCall, userId: string, text: string): MessageResult {
  const person = world.people.byId('ok', userId);
  if (person === null) return 'FAILED';
  if (!person.behaviour.launchedOkApplication) return 'NOT_AUTHORIZED';
  if (!world.limits.takeMessage(APPLICATION_SENDER, at)) return 'RATE_EXCEEDED';
  if (world.permission(APPLICATION_SENDER, person) !== 'allowed') return 'NOTIFICATIONS_DISABLED';
  if (!network.quotas.take('notifications.sendMessage', userId, at)) return 'LIMIT_REACHED';
  const { mark, msg_id: messageId } = given;
  const extra = {
    ...(mark === undefined ? {} : { custom_args: mark }),
    ...(messageId === undefined ? {} : { msg_id: messageId }),
  };
  return world.send(APPLICATION_SENDER, person, { kind: 'notification', text, at, extra }).ok ? 'OK' : 'FAILED';
}

/** Sources: contracts/ok.md 5.1 and 5.3, and the pages of both methods under apiok.ru/en/dev/methods/rest/notifications. */
export const NOTIFICATION_METHODS: RestMethods = {
  'notifications.sendSimple': sendSimple,
  'notifications.sendMessage': sendMessage,
};
