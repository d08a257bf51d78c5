import type { RefusalReason } from '../channel.ts';

/** What an error means to whoever made the call. */
export type OkMeaning =
  | { kind: 'refused'; reason: RefusalReason }
  | { kind: 'throttled'; scope: 'lane' | 'recipient'; retryAfterMs: number }
  | { kind: 'failed' }
  | { kind: 'stopped' };

const refused = (reason: RefusalReason): OkMeaning => ({ kind: 'refused', reason });
const throttled = (scope: 'lane' | 'recipient', retryAfterMs: number): OkMeaning => ({ kind: 'throttled', scope, retryAfterMs });
const FAILED: OkMeaning = { kind: 'failed' };
const STOPPED: OkMeaning = { kind: 'stopped' };
const PROVIDER = refused('provider');
const CONTENT = refused('content');
const NO_SUCH_USER = refused('no_such_user');
const REFUSED_BY_USER = refused('refused_by_user');

/**
 * OK's errors and our one reaction to each. Codes and names: github gazay/odnoklassniki, lib/odnoklassniki/error.rb, a copy
 * of OK's list; the reactions are ours. [?] So are the waits: OK documents none, nor whether 7, 8 and 11 count for the group
 * or for one person; where it may be one person, their pause is the one that cannot stall everybody.
 */
export const OK_ERRORS: Readonly<Record<number, { name: string; meaning: OkMeaning }>> = {
  1: { name: 'UNKNOWN', meaning: FAILED },
  2: { name: 'SERVICE', meaning: FAILED }, // temporarily unavailable
  3: { name: 'METHOD', meaning: PROVIDER },
  4: { name: 'REQUEST', meaning: PROVIDER },
  7: { name: 'ACTION_BLOCKED', meaning: throttled('lane', 60_000) }, // for whom the key speaks for: the group
  8: { name: 'FLOOD_BLOCKED', meaning: throttled('recipient', 60_000) },
  9: { name: 'IP_BLOCKED', meaning: throttled('lane', 600_000) },
  10: { name: 'PERMISSION_DENIED', meaning: PROVIDER },
  11: { name: 'LIMIT_REACHED', meaning: throttled('recipient', 60_000) },
  12: { name: 'CANCELLED', meaning: PROVIDER },
  21: { name: 'NOT_MULTIPART', meaning: PROVIDER },
  22: { name: 'NOT_ACTIVATED', meaning: PROVIDER },
  23: { name: 'NOT_YET_INVOLVED', meaning: REFUSED_BY_USER }, // does not use the application
  24: { name: 'NOT_OWNER', meaning: PROVIDER },
  25: { name: 'NOT_ACTIVE', meaning: REFUSED_BY_USER }, // has not used it for long
  26: { name: 'TOTAL_LIMIT_REACHED', meaning: refused('daily_limit') },
  100: { name: 'PARAM', meaning: PROVIDER },
  101: { name: 'PARAM_API_KEY', meaning: STOPPED },
  102: { name: 'PARAM_SESSION_EXPIRED', meaning: STOPPED },
  103: { name: 'PARAM_SESSION_KEY', meaning: STOPPED },
  104: { name: 'PARAM_SIGNATURE', meaning: STOPPED },
  105: { name: 'PARAM_RESIGNATURE', meaning: STOPPED },
  106: { name: 'PARAM_ENTITY_ID', meaning: NO_SUCH_USER },
  110: { name: 'PARAM_USER_ID', meaning: NO_SUCH_USER },
  120: { name: 'PARAM_ALBUM_ID', meaning: PROVIDER },
  121: { name: 'PARAM_PHOTO_ID', meaning: PROVIDER },
  130: { name: 'PARAM_WIDGET', meaning: PROVIDER },
  140: { name: 'PARAM_MESSAGE_ID', meaning: PROVIDER },
  141: { name: 'PARAM_COMMENT_ID', meaning: PROVIDER },
  150: { name: 'PARAM_HAPPENING_ID', meaning: PROVIDER },
  151: { name: 'PARAM_HAPPENING_PHOTO_ID', meaning: PROVIDER },
  160: { name: 'PARAM_GROUP_ID', meaning: PROVIDER },
  200: { name: 'PARAM_PERMISSION', meaning: PROVIDER },
  210: { name: 'PARAM_APPLICATION_DISABLED', meaning: STOPPED },
  211: { name: 'PARAM_DECISION', meaning: PROVIDER },
  212: { name: 'PARAM_BADGE_ID', meaning: PROVIDER },
  213: { name: 'PARAM_PRESENT_ID', meaning: PROVIDER },
  214: { name: 'PARAM_RELATION_TYPE', meaning: PROVIDER },
  300: { name: 'NOT_FOUND', meaning: NO_SUCH_USER },
  324: { name: 'EDIT_PHOTO_FILE', meaning: CONTENT },
  401: { name: 'AUTH_LOGIN', meaning: STOPPED },
  402: { name: 'AUTH_LOGIN_CAPTCHA', meaning: STOPPED }, // there is nobody here to solve one
  403: { name: 'AUTH_LOGIN_WEB_HUMAN_CHECK', meaning: STOPPED },
  451: { name: 'NOT_SESSION_METHOD', meaning: PROVIDER },
  453: { name: 'SESSION_REQUIRED', meaning: STOPPED },
  454: { name: 'CENSOR_MATCH', meaning: CONTENT },
  455: { name: 'FRIEND_RESTRICTION', meaning: REFUSED_BY_USER },
  456: { name: 'GROUP_RESTRICTION', meaning: REFUSED_BY_USER },
  457: { name: 'UNAUTHORIZED_RESTRICTION', meaning: REFUSED_BY_USER },
  458: { name: 'PRIVACY_RESTRICTION', meaning: REFUSED_BY_USER },
  500: { name: 'PHOTO_SIZE_LIMIT_EXCEEDED', meaning: CONTENT },
  501: { name: 'PHOTO_SIZE_TOO_SMALL', meaning: CONTENT },
  502: { name: 'PHOTO_SIZE_TOO_BIG', meaning: CONTENT },
  503: { name: 'PHOTO_INVALID_FORMAT', meaning: CONTENT },
  504: { name: 'PHOTO_IMAGE_CORRUPTED', meaning: CONTENT },
  505: { name: 'PHOTO_NO_IMAGE', meaning: CONTENT },
  508: { name: 'PHOTO_PIN_TOO_MUCH', meaning: CONTENT },
  511: { name: 'IDS_BLOCKED', meaning: CONTENT }, // antispam
  512: { name: 'PHOTO_ALBUM_NOT_BELONGS_TO_USER', meaning: PROVIDER },
  513: { name: 'PHOTO_ALBUM_NOT_BELONGS_TO_GROUP', meaning: PROVIDER },
  600: { name: 'MEDIA_TOPIC_BLOCK_LIMIT', meaning: CONTENT },
  601: { name: 'MEDIA_TOPIC_TEXT_LIMIT', meaning: CONTENT },
  602: { name: 'MEDIA_TOPIC_POLL_QUESTION_TEXT_LIMIT', meaning: CONTENT },
  603: { name: 'MEDIA_TOPIC_POLL_ANSWERS_LIMIT', meaning: CONTENT },
  604: { name: 'MEDIA_TOPIC_POLL_ANSWER_TEXT_LIMIT', meaning: CONTENT },
  605: { name: 'MEDIA_TOPIC_WITH_FRIENDS_LIMIT', meaning: CONTENT },
  606: { name: 'MEDIA_TOPIC_WITH_FRIENDS_USER_LIMIT', meaning: CONTENT },
  610: { name: 'GROUP_DUPLICATE_JOIN_REQUEST', meaning: PROVIDER },
  700: { name: 'COMMENT_NOT_FOUND', meaning: PROVIDER },
  701: { name: 'INVALID_AUTHOR', meaning: PROVIDER },
  702: { name: 'COMMENT_NOT_ACTIVE', meaning: PROVIDER },
  704: { name: 'TIMEOUT_EXCEEDED', meaning: PROVIDER }, // too old to be edited
  705: { name: 'CHAT_NOT_FOUND', meaning: NO_SUCH_USER },
  706: { name: 'MESSAGE_NOT_ACTIVE', meaning: PROVIDER },
  900: { name: 'NO_SUCH_APP', meaning: STOPPED },
  1001: { name: 'CALLBACK_INVALID_PAYMENT', meaning: PROVIDER },
  1002: { name: 'PAYMENT_IS_REQUIRED_PAYMENT', meaning: PROVIDER },
  1003: { name: 'INVALID_PAYMENT', meaning: PROVIDER },
  1004: { name: 'DUPLICATE_PAYMENT', meaning: PROVIDER },
  1005: { name: 'NOT_ENOUGH_MONEY', meaning: PROVIDER },
  1101: { name: 'VCHAT_SERVICE_DISABLED', meaning: PROVIDER },
  1102: { name: 'TARGET_USER_UNAVAILABLE', meaning: REFUSED_BY_USER },
  1103: { name: 'FRIENDSHIP_REQUIRED', meaning: REFUSED_BY_USER },
  1200: { name: 'BATCH', meaning: PROVIDER },
  1300: { name: 'APP_NO_PLATFORM_ALLOWED', meaning: PROVIDER },
  1301: { name: 'APP_DEVICE_NOT_ALLOWED', meaning: PROVIDER },
  1302: { name: 'APP_DEVICE_NOT_SPECIFIED', meaning: PROVIDER },
  1400: { name: 'APP_EMPTY_SEARCH_PARAMS', meaning: PROVIDER },
  1401: { name: 'APP_SEARCH_SCENARIO_DOES_NOT_EXIST', meaning: PROVIDER },
  9999: { name: 'SYSTEM', meaning: FAILED },
};

/** Our reaction to an error; `special` holds what single codes mean to one method. A code not in the list refuses the call. */
export function meaningOf(code: number, special: Readonly<Record<number, OkMeaning>> = {}): OkMeaning {
  return special[code] ?? OK_ERRORS[code]?.meaning ?? PROVIDER;
}

/** Whether the reaction is to one person, so that another one may still be written to. */
export function isAboutPerson(meaning: OkMeaning): boolean {
  if (meaning.kind === 'throttled') return meaning.scope === 'recipient';
  return meaning.kind === 'refused' && meaning.reason !== 'content' && meaning.reason !== 'provider';
}
