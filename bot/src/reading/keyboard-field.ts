import { canonicalJson } from '../matching/matching.ts';
import type { Button, Keyboard } from '../model/model.ts';
import { oneOfField } from './fields.ts';
import { below, type Item, isObject, kindOf, type Report, refuseUnknown } from './report.ts';

const COLORS = ['primary', 'secondary', 'positive', 'negative'] as const;
const PLACES = ['message', 'dialog'] as const;

/** What each kind may have beside kind and label. */
const FIELDS = {
  text: ['payload', 'color'],
  callback: ['payload', 'color'],
  link: ['url'],
  contact: [],
  location: ['payload'],
} as const satisfies Record<Button['kind'], readonly string[]>;
const KINDS = ['text', 'callback', 'link', 'contact', 'location'] as const;

/** The keyboard of a message from its fields `buttons` and `keyboard`; undefined where it has neither. What a network takes, lint says. */
export function keyboardOf(item: Item, report: Report): Keyboard | undefined {
  const { buttons, keyboard } = item;
  if (buttons === undefined && keyboard === undefined) return undefined;
  return { ...placeOf(keyboard, below(report, 'keyboard')), rows: rowsOf(buttons, below(report, 'buttons')) };
}

function placeOf(given: unknown, report: Report): Omit<Keyboard, 'rows'> {
  if (given === undefined) return { place: 'message' };
  if (!isObject(given)) {
    report('', `must be an object with place and oneTime, got ${kindOf(given)}`);
    return { place: 'message' };
  }
  refuseUnknown(given, ['place', 'oneTime'], report);
  const place = oneOfField(given, 'place', report, PLACES) ?? 'message';
  const { oneTime } = given;
  if (oneTime !== undefined && typeof oneTime !== 'boolean') report('oneTime', `must be true or false, got ${kindOf(oneTime)}`);
  if (oneTime === true && place === 'message') report('oneTime', 'is of a keyboard at the place dialog');
  return { place, ...(oneTime === true && { oneTime }) };
}

function rowsOf(given: unknown, report: Report): Button[][] {
  if (!Array.isArray(given) || !given.every(Array.isArray)) {
    report('', `must be a list of rows, each a list of {label, payload}, got ${kindOf(given)}`);
    return [];
  }
  return (given as unknown[][]).map((row, rowIndex) =>
    row.flatMap((button, index) => buttonOf(button, below(report, `[${rowIndex}][${index}]`)) ?? []),
  );
}

function buttonOf(given: unknown, report: Report): Button | undefined {
  if (!isObject(given)) return report('', `must be an object with label and payload, got ${kindOf(given)}`);
  const { kind: kindName = 'text', label: labelGiven, payload, url } = given;
  const kind = KINDS.find((name) => name === kindName);
  if (kind === undefined) return report('kind', `must be one of ${KINDS.join(', ')}`);
  refuseUnknown(given, ['kind', 'label', ...FIELDS[kind]], report);
  if (typeof labelGiven !== 'string' || labelGiven.trim() === '')
    return report('label', `must be a text that is not empty, got ${kindOf(labelGiven)}`);
  const label = labelGiven.trim();
  const payloadText = payload === undefined || payload === null ? undefined : canonicalJson(payload);
  switch (kind) {
    case 'contact':
      return { kind, label };
    case 'location':
      return { kind, label, ...(payloadText !== undefined && { payload: payloadText }) };
    case 'link':
      if (typeof url !== 'string') return report('url', `must be the address that the button opens, got ${kindOf(url)}`);
      return { kind, label, url };
    default: {
      if (payloadText === undefined) return report('payload', 'is missing: a rule recognises the button by it');
      const color = oneOfField(given, 'color', report, COLORS);
      return { kind, label, payload: payloadText, ...(color !== undefined && { color }) };
    }
  }
}
