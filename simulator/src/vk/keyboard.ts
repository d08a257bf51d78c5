import { type Refusal, refuse } from './vk-errors.ts';

/** A button after the check: what a person may press. */
export interface VkButton {
  type: string;
  label: string;
  /** JSON text; null where the button carries none. */
  payload: string | null;
  /** Of a button that opens a page. */
  link: string | null;
}

/** A keyboard after the check, row by row, and as it goes into message bodies. */
export interface VkKeyboard {
  inline: boolean;
  rows: VkButton[][];
  body: Record<string, unknown>;
}

// Sizes: contracts/vk.md 3.3 (docs:/en/api/bots/development/keyboard).
const STANDARD = { rows: 10, buttons: 40 };
const INLINE = { rows: 6, buttons: 10 };
const BUTTONS_PER_ROW_MAX = 5;
const LABEL_CHARACTERS_MAX = 40;
const PAYLOAD_CHARACTERS_MAX = 255;

const COLORS = ['primary', 'secondary', 'negative', 'positive', 'default'];
// Of the schema's list of a client's abilities; a person agrees to a kind of mailing by them.
const INTENT_ACTIONS = ['intent_subscribe', 'intent_unsubscribe'];
const ACTION_TYPES = ['text', 'callback', 'open_link', 'location', 'vkpay', 'open_app', 'open_photo', ...INTENT_ACTIONS];
const COLORED_ACTIONS = ['text', 'callback'];
const LABELLED_ACTIONS = ['text', 'callback', 'open_link', 'open_app'];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Checks a `keyboard` parameter as VK does: the first fault refuses the call with error 911 and its place.
 *
 * The sentences about colors and "keyboard should be array" are VK's (contracts/vk.md 3.3); [?] the others are ours.
 */
export function readKeyboard(text: string): { ok: true; keyboard: VkKeyboard } | Refusal {
  const body = parseJson(text);
  if (body === undefined) return refuse(911, 'keyboard is not valid JSON');
  if (!isObject(body)) return refuse(911, 'keyboard should be array');
  const inline = body['inline'] === true;
  for (const name of ['inline', 'one_time']) {
    if (body[name] !== undefined && typeof body[name] !== 'boolean') return refuse(911, `${name} should be boolean`);
  }
  if (!Array.isArray(body['buttons'])) return refuse(911, 'buttons should be array');
  const limits = inline ? INLINE : STANDARD;
  const given: unknown[] = body['buttons'];
  if (given.length > limits.rows) return refuse(911, `too many rows: at most ${limits.rows}`);
  const rows: VkButton[][] = [];
  for (const [rowIndex, row] of given.entries()) {
    if (!Array.isArray(row)) return refuse(911, `row [${rowIndex}] should be array`);
    if (row.length > BUTTONS_PER_ROW_MAX)
      return refuse(911, `row [${rowIndex}] has too many buttons: at most ${BUTTONS_PER_ROW_MAX}`);
    const read = readButtons(row, `button [${rowIndex}]`);
    if (!read.ok) return read;
    rows.push(read.buttons);
  }
  if (rows.flat().length > limits.buttons) return refuse(911, `too many buttons: at most ${limits.buttons}`);
  return { ok: true, keyboard: { inline, rows, body: { ...body, inline, one_time: body['one_time'] === true && !inline } } };
}

/** The buttons of one row, or of a carousel's element; `place` is how VK names where they stand. */
export function readButtons(row: unknown, place: string): { ok: true; buttons: VkButton[] } | Refusal {
  if (!Array.isArray(row)) return refuse(911, `${place} should be array`);
  const buttons: VkButton[] = [];
  for (const [index, button] of row.entries()) {
    const read = readButton(button);
    if ('problem' in read) return refuse(911, `${place}[${index}] ${read.problem}`);
    buttons.push(read);
  }
  return { ok: true, buttons };
}

function readButton(button: unknown): VkButton | { problem: string } {
  if (!isObject(button) || !isObject(button['action'])) return { problem: 'has no action' };
  const { action, color } = button as { action: Record<string, unknown>; color?: unknown };
  const type = action['type'];
  if (typeof type !== 'string' || !ACTION_TYPES.includes(type)) return { problem: 'has an unknown action type' };
  if (color !== undefined) {
    if (!COLORED_ACTIONS.includes(type)) return { problem: 'has action type which is not compatible with setting colors' };
    if (typeof color !== 'string' || !COLORS.includes(color)) return { problem: 'has an unknown color' };
  }
  const label = action['label'];
  if (LABELLED_ACTIONS.includes(type) && (typeof label !== 'string' || label === '')) return { problem: 'has no label' };
  if (typeof label === 'string' && [...label].length > LABEL_CHARACTERS_MAX) {
    return { problem: `has a label longer than ${LABEL_CHARACTERS_MAX} characters` };
  }
  if (type === 'open_link' && typeof action['link'] !== 'string') return { problem: 'has no link' };
  const payload = readPayload(action);
  if (typeof payload === 'object' && payload !== null) return payload;
  const link = typeof action['link'] === 'string' ? action['link'] : null;
  return { type, label: typeof label === 'string' ? label : '', payload, link };
}

function readPayload(action: Record<string, unknown>): string | null | { problem: string } {
  if (!('payload' in action) || action['payload'] === '') return null;
  const { payload } = action;
  // An object is accepted beside its JSON text (contracts/vk.md 3.3); null is not.
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  if (payload === null || parseJson(text) === undefined) return { problem: 'has a payload that is not JSON' };
  if (text.length > PAYLOAD_CHARACTERS_MAX) return { problem: `has a payload longer than ${PAYLOAD_CHARACTERS_MAX} characters` };
  return text;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
