import type { Keyboard, ShownButton } from '../../world/world.ts';
import type { OkSettingValues } from '../ok-settings.ts';
import { isObject } from './graph-call.ts';

type Settings = Readonly<OkSettingValues>;

const TYPES = ['CALLBACK', 'LINK', 'REQUEST_CONTACT', 'REQUEST_GEO_LOCATION'];
const WIDE_TYPES: readonly unknown[] = ['LINK', 'REQUEST_CONTACT', 'REQUEST_GEO_LOCATION'];
const INTENTS = ['DEFAULT', 'POSITIVE', 'NEGATIVE'];

/**
 * What is wrong with the `keyboard` of an INLINE_KEYBOARD, as the end of a sentence that starts with its place; null where it is
 * right. Form: contracts/ok.md 3.4; its limits are settings.
 */
export function keyboardProblem(keyboard: unknown, settings: Settings): string | null {
  const rows: unknown = isObject(keyboard) ? keyboard['buttons'] : undefined;
  if (!Array.isArray(rows)) return '.buttons should be a list of rows';
  if (rows.length === 0 || rows.length > settings.keyboardRowsMax)
    return `.buttons should hold 1 to ${settings.keyboardRowsMax} rows`;
  for (const [index, row] of rows.entries()) {
    const problem = rowProblem(row, settings);
    if (problem !== null) return `.buttons[${index}]${problem}`;
  }
  return rows.flat().length > settings.keyboardButtonsMax
    ? `.buttons should hold at most ${settings.keyboardButtonsMax} buttons`
    : null;
}

function rowProblem(row: unknown, settings: Settings): string | null {
  const isWide = Array.isArray(row) && row.some((button: unknown) => isObject(button) && WIDE_TYPES.includes(button['type']));
  const max = isWide ? settings.keyboardWideRowButtonsMax : settings.keyboardRowButtonsMax;
  if (!Array.isArray(row) || row.length === 0 || row.length > max) {
    return ` should hold 1 to ${max} buttons${isWide ? ', as one of them is a link or asks for something' : ''}`;
  }
  for (const [index, button] of row.entries()) {
    const problem = buttonProblem(button, settings);
    if (problem !== null) return `[${index}]${problem}`;
  }
  return null;
}

function buttonProblem(button: unknown, settings: Settings): string | null {
  if (!isObject(button)) return ' should be an object';
  const { type, text, intent, payload, url, quick } = button;
  if (!TYPES.includes(String(type))) return `.type should be one of ${TYPES.join(', ')}`;
  if (!isText(text, settings.buttonTextMax)) return `.text should have 1 to ${settings.buttonTextMax} characters`;
  if (intent !== undefined && !INTENTS.includes(String(intent))) return `.intent should be one of ${INTENTS.join(', ')}`;
  if (type === 'CALLBACK' && !isText(payload, settings.buttonPayloadMax)) {
    return `.payload should have 1 to ${settings.buttonPayloadMax} characters`;
  }
  if (type === 'LINK' && !(isText(url, settings.buttonUrlMax) && URL.canParse(url))) {
    return `.url should be an address of at most ${settings.buttonUrlMax} characters`;
  }
  return quick === undefined || typeof quick === 'boolean' ? null : '.quick should be true or false';
}

const isText = (value: unknown, charactersMax: number): value is string =>
  typeof value === 'string' && value.trim() !== '' && [...value].length <= charactersMax;

const DOES: Readonly<Record<string, ShownButton['does']>> = {
  CALLBACK: 'tell',
  LINK: 'open',
  REQUEST_CONTACT: 'contact',
  REQUEST_GEO_LOCATION: 'location',
};

/** A keyboard that was found right, as a person sees it. */
export function shownKeyboard(keyboard: unknown): Keyboard {
  const { buttons } = keyboard as { buttons: Record<string, unknown>[][] };
  return {
    place: 'message',
    oneTime: false,
    buttons: buttons.flat().map(({ type, text, payload, url }) => ({
      label: String(text),
      payload: type === 'CALLBACK' ? String(payload) : '',
      does: DOES[String(type)] ?? 'tell',
      ...(type === 'LINK' ? { url: String(url) } : {}),
    })),
  };
}
