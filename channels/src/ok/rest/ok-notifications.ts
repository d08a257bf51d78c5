import type { ActionOutcome } from '../../actions.ts';
import { BrokenBodyError, readFields } from '../../body/body.ts';
import type { SendOutcome } from '../../channel.ts';
import { actionOutcome, isObject, nothing, outcomeOfProblem } from '../ok-answer.ts';
import type { OkMeaning } from '../ok-errors.ts';
import type { OkSettings } from '../ok-settings.ts';
import { massParams, type OkMassNotification, problemOfMass } from './ok-mass.ts';
import type { OkCall, OkSession } from './ok-rest.ts';

/** A notification of the application, not a message of a group; at most 5 a day for one person, who sees the newest only. */
export interface OkSimpleNotification {
  /** The person's id, without prefix; who has opened the application within 14 days. */
  uid: string;
  /** At most 100 characters, 5 of them special or emoji. */
  text: string;
  /** Comes back as `custom_args` when it is clicked. */
  mark?: string;
  qualifier?: string;
  /** A text of OK's for the button, such as `button_accept`. */
  customButtonKey?: string;
}

/** One text to people of an application that is no game: one a day for each. */
export interface OkDirectNotification {
  userIds: readonly string[];
  /** At most 254 characters; may be left out where `messageId` names a text that is kept at OK. */
  message?: string;
  messageId?: string;
  mark?: string;
}

const DIRECT_STATUSES = [
  'OK',
  'FAILED',
  'INACTIVE',
  'LIMIT_REACHED',
  'NOTIFICATIONS_DISABLED',
  'NOT_AUTHORIZED',
  'RATE_EXCEEDED',
] as const;
/** What became of it for one person; UNKNOWN stands for a word that OK's page does not have. */
export type OkDirectStatus = (typeof DIRECT_STATUSES)[number] | 'UNKNOWN';

export interface OkNotifications {
  /** `notifications.sendSimple`, which forbids a session. Never throws; `networkId` is what OK answered with. */
  sendSimple(notification: OkSimpleNotification, signal: AbortSignal): Promise<SendOutcome>;
  /** `notifications.sendMass` to all whose profiles fit; gives the id to stop it with. Never throws. */
  sendMass(notification: OkMassNotification, signal: AbortSignal): Promise<ActionOutcome<{ id: string }>>;
  /** `notifications.stopSendMass`. Never throws. */
  stopSendMass(id: string, signal: AbortSignal): Promise<ActionOutcome>;
  /** `notifications.sendMessage`; an EXTERNAL application needs a session. Never throws. */
  sendMessage(
    notification: OkDirectNotification,
    signal: AbortSignal,
    session?: OkSession,
  ): Promise<ActionOutcome<readonly { userId: string; status: OkDirectStatus }[]>>;
}

const SIMPLE = { charactersMax: 100, specialCharactersMax: 5 } as const;
const DIRECT_CHARACTERS_MAX = 254;

// Here 11 does not pass by itself: the person has not opened the application for 14 days, or has had 5 today.
// apiok.ru/en/dev/methods/rest/notifications/notifications.sendSimple
const SIMPLE_ERRORS: Readonly<Record<number, OkMeaning>> = { 11: { kind: 'refused', reason: 'daily_limit' } };

/** Limits are checked before the call, and what breaks one is named. Source: apiok.ru/en/dev/methods/rest/notifications. */
export function createOkNotifications(
  call: OkCall,
  settings: Pick<OkSettings, 'specialCharacter'>,
  now: () => Date,
): OkNotifications {
  return {
    async sendSimple({ uid, text, mark, qualifier, customButtonKey }, signal) {
      const problem = problemOfSimple(text, settings);
      if (problem !== null)
        return { kind: 'refused', reason: 'content', networkCode: 'content_text', detail: `text: ${problem}` };
      const params = { uid, text, ...defined({ mark, qualifier, custom_button_key: customButtonKey }) };
      const answer = await call('notifications.sendSimple', params, signal);
      if (answer.kind !== 'result') return outcomeOfProblem(answer, SIMPLE_ERRORS);
      // What a good call returns is not documented: clients of the wild take a bare `true` or an id.
      if (answer.result === false)
        return { kind: 'refused', reason: 'refused_by_user', networkCode: 'user_not_invited_to_group' };
      return { kind: 'sent', networkId: String(answer.result) };
    },
    async sendMass(notification, signal) {
      const problem = problemOfMass(notification, now());
      if (problem !== null) return { kind: 'refused', networkCode: 'limit', detail: problem };
      return actionOutcome(await call('notifications.sendMass', massParams(notification), signal), readMassId);
    },
    async stopSendMass(id, signal) {
      return actionOutcome(await call('notifications.stopSendMass', { id }, signal), nothing);
    },
    async sendMessage({ userIds, message, messageId, mark }, signal, session) {
      const problem = problemOfDirect(message, messageId);
      if (problem !== null) return { kind: 'refused', networkCode: 'limit', detail: problem };
      const params = { user_ids: userIds.join(','), ...defined({ message, msg_id: messageId, mark }) };
      const answer = await call('notifications.sendMessage', params, signal, session === undefined ? {} : { session });
      return actionOutcome(answer, (result) => readStatuses(result, userIds));
    },
  };
}

function problemOfSimple(text: string, { specialCharacter }: Pick<OkSettings, 'specialCharacter'>): string | null {
  const characters = [...text].length;
  if (text.trim() === '') return 'a notification has a text';
  if (characters > SIMPLE.charactersMax) return `at most ${SIMPLE.charactersMax} characters, there are ${characters}`;
  const special = text.match(specialCharacter)?.length ?? 0;
  if (special <= SIMPLE.specialCharactersMax) return null;
  return `at most ${SIMPLE.specialCharactersMax} special characters or emoji, there are ${special}`;
}

function problemOfDirect(message: string | undefined, messageId: string | undefined): string | null {
  if (message === undefined) return messageId === undefined ? 'message: give a text, or the messageId of one' : null;
  const characters = [...message].length;
  return characters > DIRECT_CHARACTERS_MAX
    ? `message: at most ${DIRECT_CHARACTERS_MAX} characters, there are ${characters}`
    : null;
}

// What a good call returns is not documented; stopSendMass wants an id, so one is looked for.
function readMassId(result: unknown): { id: string } {
  const id = isObject(result) ? (result['id'] ?? result['notification_id']) : result;
  if (typeof id === 'string' || typeof id === 'number' || typeof id === 'bigint') return { id: String(id) };
  throw new BrokenBodyError("OK's answer", 'holds no id to stop the notification with');
}

/** `{"result":{"<user id>":"OK"}}` */
function readStatuses(result: unknown, userIds: readonly string[]): { userId: string; status: OkDirectStatus }[] {
  const statuses = readFields(result, "OK's answer").object('result');
  return userIds.map((userId) => {
    const said = statuses.raw(userId);
    return { userId, status: DIRECT_STATUSES.find((status) => status === said) ?? 'UNKNOWN' };
  });
}

/** Those that were given. */
function defined(params: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(params).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
