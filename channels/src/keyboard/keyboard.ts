import type { Network } from '../channel.ts';
import { KEYBOARD_RULES, type KeyboardRules } from './keyboard-rules.ts';

export { KEYBOARD_RULES, type KeyboardRules } from './keyboard-rules.ts';

export type ButtonColor = 'primary' | 'secondary' | 'positive' | 'negative';

/** One button. `payload` is JSON text that comes back when the button is pressed. */
export type Button =
  /** Writes its label as the person's own message, with the payload. */
  | { kind: 'text'; label: string; payload: string; color?: ButtonColor }
  /** Tells the group silently; to be answered within a minute. */
  | { kind: 'callback'; label: string; payload: string; color?: ButtonColor }
  | { kind: 'link'; label: string; url: string }
  /** Asks the person for their phone number. */
  | { kind: 'contact'; label: string }
  /** Asks the person where they are. VK shows a label of its own. */
  | { kind: 'location'; label: string; payload?: string };

export type ButtonKind = Button['kind'];

export interface Keyboard {
  /** Under this message, or at the bottom of the dialog until another one comes. */
  place: 'message' | 'dialog';
  /** At the bottom: goes away after the first press. */
  oneTime?: boolean;
  /** Row by row; `[]` at the place `dialog` takes a shown keyboard away. */
  rows: readonly (readonly Button[])[];
}

/** `path` as `rows[1][0].label`; `rule` is a sentence without the person's or the customer's text in it. */
export interface KeyboardFinding {
  path: string;
  rule: string;
}

/** What a network would make of a keyboard: shown, possibly in a simpler form, or refused. */
export type FittedKeyboard =
  | { ok: true; keyboard: Keyboard; simplified: readonly KeyboardFinding[] }
  | { ok: false; problems: readonly KeyboardFinding[] };

/**
 * Fits a keyboard to what a network can show, before anything is sent: what the network lacks becomes the nearest thing it
 * has and is named in `simplified`; what breaks a limit is named, all of it, in `problems`. Pure. Never throws.
 */
export function fitKeyboard(network: Network, keyboard: Keyboard): FittedKeyboard {
  const rules = KEYBOARD_RULES[network];
  const simplified: KeyboardFinding[] = [];
  const place = rules.places.includes(keyboard.place) ? keyboard.place : 'message';
  if (place !== keyboard.place)
    simplified.push({ path: 'place', rule: `${rules.name} shows buttons only under a message, and they stay there` });
  const rows = keyboard.rows.map((row, rowIndex) =>
    row.map((button, index) => simplify(button, `rows[${rowIndex}][${index}]`, rules, simplified)),
  );
  const fitted: Keyboard = { place, ...(place === 'dialog' && keyboard.oneTime === true && { oneTime: true }), rows };
  // What takes a keyboard at the bottom away has nothing to do where none stands there.
  const takesAway = keyboard.place === 'dialog' && rows.length === 0;
  const problems = takesAway ? [] : checkSizes(fitted, rules);
  for (const [rowIndex, row] of rows.entries()) {
    for (const [index, button] of row.entries()) problems.push(...checkButton(button, `rows[${rowIndex}][${index}]`, rules));
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, keyboard: fitted, simplified };
}

function simplify(button: Button, path: string, rules: KeyboardRules, simplified: KeyboardFinding[]): Button {
  const kind = rules.standIns[button.kind];
  if (kind === undefined) return button;
  simplified.push({ path: `${path}.kind`, rule: `${rules.name} has no ${button.kind} button: a ${kind} button stands in` });
  const payload = 'payload' in button && button.payload !== undefined ? button.payload : '{}';
  const color = 'color' in button && button.color !== undefined ? { color: button.color } : {};
  return { kind, label: button.label, payload, ...color };
}

function checkSizes({ place, rows }: Keyboard, rules: KeyboardRules): KeyboardFinding[] {
  const { name } = rules;
  const { rowsMax, buttonsPerRowMax, buttonsMax } = rules.sizes[place];
  const findings: KeyboardFinding[] = [];
  const find = (path: string, rule: string): unknown => findings.push({ path, rule });
  if (rows.length === 0 && place === 'message') find('rows', 'a keyboard under a message has at least one row');
  if (rows.length > rowsMax) find('rows', `${name} takes at most ${rowsMax} rows here, there are ${rows.length}`);
  const count = rows.flat().length;
  if (count > buttonsMax) find('rows', `${name} takes at most ${buttonsMax} buttons here, there are ${count}`);
  for (const [index, row] of rows.entries()) {
    const wide = row.filter(({ kind }) => rules.wideKinds.includes(kind));
    if (row.length === 0) find(`rows[${index}]`, 'a row has at least one button');
    if (row.length > buttonsPerRowMax)
      find(`rows[${index}]`, `${name} takes at most ${buttonsPerRowMax} buttons in a row, there are ${row.length}`);
    if (wide.length > 0 && row.length > rules.buttonsInWideRowMax)
      find(
        `rows[${index}]`,
        `${name} takes at most ${rules.buttonsInWideRowMax} in a row with a ${wide[0]?.kind} button, there are ${row.length}`,
      );
  }
  return findings;
}

function checkButton(
  button: Button,
  path: string,
  { name, labelCharactersMax, payloadCharactersMax, urlCharactersMax }: KeyboardRules,
): KeyboardFinding[] {
  const findings: KeyboardFinding[] = [];
  const find = (field: string, rule: string): unknown => findings.push({ path: `${path}.${field}`, rule });
  const labelCharacters = [...button.label].length;
  if (button.label.trim() === '') find('label', 'a button needs a label');
  if (labelCharacters > labelCharactersMax)
    find('label', `${name} takes at most ${labelCharactersMax} characters, there are ${labelCharacters}`);
  if (button.kind === 'link') {
    if (!isHttpUrl(button.url)) find('url', 'a link is an http or https address');
    if (button.url.length > urlCharactersMax)
      find('url', `${name} takes at most ${urlCharactersMax} characters, there are ${button.url.length}`);
  }
  if ('payload' in button && button.payload !== undefined) {
    if (!isJson(button.payload)) find('payload', 'a payload is JSON, such as {"command":"start"}');
    if (button.payload.length > payloadCharactersMax)
      find('payload', `${name} takes at most ${payloadCharactersMax} characters, there are ${button.payload.length}`);
  }
  return findings;
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}

function isJson(text: string): boolean {
  try {
    return JSON.parse(text) !== null; // VK refuses null as well (vk_api issue 238)
  } catch {
    return false;
  }
}
