import type { Keyboard, ShownButton } from '../../world/world.ts';
import { refuse } from '../ok-errors.ts';
import { isObject, type Refused } from './graph-call.ts';

/**
 * Bounds of a message. Attachments and images are documented (contracts/ok.md 3.3, 3.4); [?] the others are those of OK's
 * cousins, in characters, buttons and rows.
 */
export const CONTENT = {
  attachmentsMax: 5,
  urlImagesMax: 1,
  textCharactersMax: 4_000,
  buttonTextMax: 128,
  buttonPayloadMax: 1_024,
  buttonUrlMax: 2_048,
  rowsMax: 30,
  buttonsPerRowMax: 7,
} as const;

/** What a payload of each type must hold to be sent: one of these fields. */
const ATTACHMENT_FIELDS: Readonly<Record<string, readonly string[]>> = {
  IMAGE: ['token', 'url'],
  VIDEO: ['token', 'id'],
  AUDIO: ['token', 'id'],
  SHARE: ['url'],
  FILE: ['token', 'ref'],
  CONTACT: ['name', 'phone'],
  INLINE_KEYBOARD: ['keyboard'],
  LOCATION: ['latitude'],
  MUSIC: ['id', 'url'],
  CALL: ['id'],
  PRESENT: ['id'],
  STICKER: ['id', 'url'],
};

const BUTTON_TYPES = ['CALLBACK', 'LINK', 'REQUEST_CONTACT', 'REQUEST_GEO_LOCATION'];
const BUTTON_INTENTS = ['DEFAULT', 'POSITIVE', 'NEGATIVE'];
const PRIVACY_WARNINGS = ['SCREENSHOT', 'SCREENCAST'];

/** A message as a group asks to send it, checked. */
export interface MessageContent {
  text: string;
  keyboard: Keyboard | null;
  /** What the network gives back of it: attachments, reply_to, privacyWarning. */
  extra: Record<string, unknown>;
}

/** Reads the `message` of a send, an answer or an edit. The first fault refuses it with its place in the body. */
export function readContent(message: unknown): { ok: true; content: MessageContent } | Refused {
  if (!isObject(message)) return refuse('PARAM', 'message is required');
  const { text = '', attachment, reply_to: replyTo, privacyWarning } = message;
  if (typeof text !== 'string') return refuse('PARAM', 'message.text should be a text');
  if ([...text].length > CONTENT.textCharactersMax)
    return refuse('PARAM', `message.text is longer than ${CONTENT.textCharactersMax} characters`);
  const attachments: unknown = message['attachments'] ?? (attachment === undefined ? [] : [attachment]);
  if (!Array.isArray(attachments)) return refuse('PARAM', 'message.attachments should be a list');
  if (text.trim() === '' && attachments.length === 0) return refuse('PARAM', 'message should hold a text or an attachment');
  const problem = attachmentsProblem(attachments);
  if (problem !== null) return refuse('PARAM', problem);
  if (replyTo !== undefined && typeof replyTo !== 'string') return refuse('PARAM', 'message.reply_to should be a message id');
  if (privacyWarning !== undefined && !PRIVACY_WARNINGS.includes(String(privacyWarning))) {
    return refuse('PARAM', `message.privacyWarning should be one of ${PRIVACY_WARNINGS.join(', ')}`);
  }
  return {
    ok: true,
    content: {
      text,
      keyboard: keyboardOf(attachments),
      extra: {
        ...(attachments.length === 0 ? {} : { attachments }),
        ...(replyTo === undefined ? {} : { reply_to: replyTo }),
        ...(privacyWarning === undefined ? {} : { privacyWarning }),
      },
    },
  };
}

function attachmentsProblem(attachments: readonly unknown[]): string | null {
  if (attachments.length > CONTENT.attachmentsMax) return `message.attachments holds more than ${CONTENT.attachmentsMax}`;
  for (const [index, attachment] of attachments.entries()) {
    const place = `message.attachments[${index}]`;
    if (!isObject(attachment) || !isObject(attachment['payload'])) return `${place} should hold type and payload`;
    const { type, payload } = attachment;
    const fields = ATTACHMENT_FIELDS[String(type)];
    if (fields === undefined) return `${place}.type should be one of ${Object.keys(ATTACHMENT_FIELDS).join(', ')}`;
    if (!fields.some((field) => payload[field] !== undefined)) return `${place}.payload should hold ${fields.join(' or ')}`;
    const problem = type === 'INLINE_KEYBOARD' ? keyboardProblem(payload['keyboard']) : null;
    if (problem !== null) return `${place}.payload.keyboard${problem}`;
  }
  const byUrl = attachments.filter(
    (attachment) => isObject(attachment) && attachment['type'] === 'IMAGE' && hasUrl(attachment['payload']),
  );
  return byUrl.length > CONTENT.urlImagesMax ? 'message.attachments holds more than one IMAGE by url' : null;
}

const hasUrl = (payload: unknown): boolean => isObject(payload) && payload['url'] !== undefined && payload['token'] === undefined;

function keyboardProblem(keyboard: unknown): string | null {
  const rows: unknown = isObject(keyboard) ? keyboard['buttons'] : undefined;
  if (!Array.isArray(rows)) return '.buttons should be a list of rows';
  if (rows.length === 0 || rows.length > CONTENT.rowsMax) return `.buttons should hold 1 to ${CONTENT.rowsMax} rows`;
  for (const [rowIndex, row] of rows.entries()) {
    const isFit = Array.isArray(row) && row.length > 0 && row.length <= CONTENT.buttonsPerRowMax;
    if (!isFit) return `.buttons[${rowIndex}] should hold 1 to ${CONTENT.buttonsPerRowMax} buttons`;
    for (const [index, button] of row.entries()) {
      const problem = buttonProblem(button);
      if (problem !== null) return `.buttons[${rowIndex}][${index}]${problem}`;
    }
  }
  return null;
}

function buttonProblem(button: unknown): string | null {
  if (!isObject(button)) return ' should be an object';
  const { type, text, intent, payload, url } = button;
  if (!BUTTON_TYPES.includes(String(type))) return `.type should be one of ${BUTTON_TYPES.join(', ')}`;
  if (!isText(text, CONTENT.buttonTextMax)) return `.text should have 1 to ${CONTENT.buttonTextMax} characters`;
  if (intent !== undefined && !BUTTON_INTENTS.includes(String(intent)))
    return `.intent should be one of ${BUTTON_INTENTS.join(', ')}`;
  if (type === 'CALLBACK' && !isText(payload, CONTENT.buttonPayloadMax)) {
    return `.payload should have 1 to ${CONTENT.buttonPayloadMax} characters`;
  }
  if (type === 'LINK' && !isText(url, CONTENT.buttonUrlMax)) return `.url should have 1 to ${CONTENT.buttonUrlMax} characters`;
  return null;
}

const isText = (value: unknown, charactersMax: number): value is string =>
  typeof value === 'string' && value !== '' && [...value].length <= charactersMax;

/** What a person can press and the group is told of: CALLBACK buttons. */
function keyboardOf(attachments: readonly unknown[]): Keyboard | null {
  const buttons = attachments.flatMap((attachment): ShownButton[] => {
    if (!isObject(attachment) || attachment['type'] !== 'INLINE_KEYBOARD') return [];
    const { keyboard } = attachment['payload'] as { keyboard: { buttons: Record<string, unknown>[][] } };
    return keyboard.buttons
      .flat()
      .filter(({ type }) => type === 'CALLBACK')
      .map(({ text, payload }) => ({ label: String(text), payload: String(payload), does: 'tell' }));
  });
  return buttons.length === 0 ? null : { place: 'message', oneTime: false, buttons };
}
