import type { RefusalReason, SendOutcome } from '../channel.ts';

type Meaning =
  | { kind: 'refused'; reason: RefusalReason }
  | { kind: 'throttled'; scope: 'lane' | 'recipient'; retryAfterMs: number }
  | { kind: 'failed' }
  | { kind: 'stopped' };

const refused = (reason: RefusalReason): Meaning => ({ kind: 'refused', reason });
const FAILED: Meaning = { kind: 'failed' };
const STOPPED: Meaning = { kind: 'stopped' };

/**
 * What an error of messages.send means to the sender. Codes and texts: VKCOM/vk-api-schema, errors.json; what we do about
 * them is our own. The waits are ours too: VK documents none. A code that is not here refuses the message on this route.
 */
export const VK_ERRORS: Readonly<Record<number, Meaning>> = {
  1: FAILED, // unknown error
  5: STOPPED, // authorization failed
  6: { kind: 'throttled', scope: 'lane', retryAfterMs: 1_000 }, // too many requests per second
  9: { kind: 'throttled', scope: 'recipient', retryAfterMs: 60_000 }, // flood control; may last hours
  10: FAILED, // internal server error
  14: { kind: 'throttled', scope: 'lane', retryAfterMs: 60_000 }, // captcha: there is nobody here to solve one
  17: STOPPED, // validation required
  18: refused('no_such_user'), // deleted or banned
  24: STOPPED, // confirmation required
  25: STOPPED, // token confirmation required
  27: STOPPED, // group authorization failed
  28: STOPPED, // application authorization failed
  29: { kind: 'throttled', scope: 'lane', retryAfterMs: 600_000 }, // quota of the method
  36: FAILED, // method timed out
  37: refused('no_such_user'), // banned
  42: STOPPED, // this address is not allowed
  43: FAILED, // section temporarily unavailable
  113: refused('no_such_user'), // invalid user id
  900: refused('refused_by_user'), // blacklist
  901: refused('refused_by_user'), // no permission
  902: refused('refused_by_user'), // privacy settings
  910: refused('content'), // too big
  914: refused('content'), // too long
  917: refused('refused_by_user'), // no access to the chat
  922: refused('refused_by_user'), // the community left the chat
  927: refused('no_such_user'), // no such chat
  932: refused('refused_by_user'), // cannot interact with this peer
  935: refused('no_such_user'), // not in the chat
  936: refused('no_such_user'), // contact not found
  943: refused('policy'), // intent cannot be used
  944: refused('policy'), // intent's limit
  945: refused('refused_by_user'), // chat is disabled
  950: refused('policy'), // outside the reply window
  962: refused('refused_by_user'), // donut only
  985: refused('refused_by_user'), // a dialog for notifications only
  987: refused('refused_by_user'), // needs a message request
  988: refused('refused_by_user'), // message request is pending
  1012: refused('refused_by_user'), // writing is disabled in the chat
  1114: STOPPED, // anonymous token expired
  1116: STOPPED, // anonymous token invalid
  1117: STOPPED, // token expired
  3300: STOPPED, // recaptcha
  3301: STOPPED, // phone validation
  3302: STOPPED, // password validation
  3303: STOPPED, // otp validation
  3304: STOPPED, // e-mail validation
  3610: refused('no_such_user'), // deactivated
};

/** The outcome of a send that VK answered with an error. */
export function outcomeOfError(code: number, message: string): SendOutcome {
  const networkCode = String(code);
  const meaning = VK_ERRORS[code] ?? refused('provider');
  if (meaning.kind !== 'stopped') return { ...meaning, networkCode };
  return { kind: 'stopped', networkCode, detail: `VK error ${code}: ${message}; give the connection a working token` };
}
