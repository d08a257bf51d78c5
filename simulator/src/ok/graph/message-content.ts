import { type Refused, refuse } from '../ok-errors.ts';
import type { Written } from '../places.ts';
import { type AttachmentContext, readAttachments } from './attachments.ts';
import { isObject } from './graph-call.ts';
import { shownKeyboard } from './keyboard-check.ts';

const PRIVACY_WARNINGS = ['SCREENSHOT', 'SCREENCAST'];

/** Reads the `message` of a send, an answer or an edit. The first fault refuses it with its place in the body. */
export function readContent(message: unknown, context: AttachmentContext): { ok: true; content: Written } | Refused {
  const settings = context.network.settings.values;
  if (!isObject(message)) return refuse('PARAM', 'message is required');
  const { text = '', attachment, reply_to: replyTo, privacyWarning } = message;
  if (typeof text !== 'string') return refuse('PARAM', 'message.text should be a text');
  if ([...text].length > settings.textCharactersMax)
    return refuse('PARAM', `message.text is longer than ${settings.textCharactersMax} characters`);
  const read = readAttachments(message['attachments'] ?? (attachment === undefined ? [] : [attachment]), context);
  if (!read.ok) return read;
  const { attachments } = read;
  const keyboards = attachments.filter(({ type }) => type === 'INLINE_KEYBOARD');
  if (text.trim() === '' && attachments.length === 0) return refuse('PARAM', 'message should hold a text or an attachment');
  if (keyboards.length > 1) return refuse('PARAM', 'message.attachments holds more than one INLINE_KEYBOARD');
  if (keyboards.length === 1 && text.trim() === '' && settings.keyboardNeedsText === 'yes') {
    return refuse('PARAM', 'message.text is required with an INLINE_KEYBOARD');
  }
  if (replyTo !== undefined && !(typeof replyTo === 'string' && /^mid:C[0-9a-f]+\.[0-9a-f]+$/i.test(replyTo))) {
    return refuse('PARAM', 'message.reply_to should be a message id, such as mid:C3ecb9d02a600.15cea67d78d2059');
  }
  if (privacyWarning !== undefined && !PRIVACY_WARNINGS.includes(String(privacyWarning))) {
    return refuse('PARAM', `message.privacyWarning should be one of ${PRIVACY_WARNINGS.join(', ')}`);
  }
  const keyboard = keyboards[0]?.payload['keyboard'];
  return {
    ok: true,
    content: {
      text,
      keyboard: keyboard === undefined ? null : shownKeyboard(keyboard),
      extra: {
        ...(attachments.length === 0 ? {} : { attachments }),
        ...(replyTo === undefined ? {} : { reply_to: replyTo }),
        ...(privacyWarning === undefined ? {} : { privacyWarning }),
      },
    },
  };
}
