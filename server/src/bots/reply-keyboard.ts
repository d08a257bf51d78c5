import { type Button, type ButtonColor, type ButtonKind, fitKeyboard, type Keyboard, type Network } from '@soroka/channels';
import { isObject, kindOf, type Report, refuseUnknown } from './report.ts';
import { canonicalJson } from './words.ts';

const KINDS: readonly ButtonKind[] = ['text', 'callback', 'link', 'contact', 'location'];
const COLORS: readonly ButtonColor[] = ['primary', 'secondary', 'positive', 'negative'];
const PLACES: readonly Keyboard['place'][] = ['message', 'dialog'];

/** What each kind may have beside kind and label. */
const FIELDS: Readonly<Record<ButtonKind, readonly string[]>> = {
  text: ['payload', 'color'],
  callback: ['payload', 'color'],
  link: ['url'],
  contact: [],
  location: ['payload'],
};

/**
 * The keyboard of a reply from its fields `buttons` and `keyboard`; undefined where it has neither. Every button is held
 * against the rules of the networks on which the reply may go out.
 */
export function keyboardOf(
  given: Readonly<Record<string, unknown>>,
  networks: readonly Network[],
  report: Report,
): Keyboard | undefined {
  const { buttons, keyboard } = given;
  if (buttons === undefined && keyboard === undefined) return undefined;
  const problems: string[] = [];
  const note: Report = (field, problem) => {
    problems.push(field);
    return report(field, problem);
  };
  const rows = rowsOf(buttons, note);
  const whole: Keyboard = { ...placeOf(keyboard, note), rows };
  // A network's word on what is not even a button would only repeat what has been said.
  if (problems.length > 0) return whole;
  const findings = networks.flatMap((network) => {
    const fitted = fitKeyboard(network, whole);
    return fitted.ok ? [] : fitted.problems.map(({ path, rule }) => ({ path: path.replace(/^rows/, 'buttons'), rule }));
  });
  const distinct = new Map(findings.map((finding) => [`${finding.path} ${finding.rule}`, finding]));
  for (const { path, rule } of distinct.values()) report(`${path}:`, rule);
  return whole;
}

function placeOf(given: unknown, report: Report): Omit<Keyboard, 'rows'> {
  if (given === undefined) return { place: 'message' };
  if (!isObject(given)) {
    report('keyboard', `must be an object with place and oneTime, got ${kindOf(given)}`);
    return { place: 'message' };
  }
  refuseUnknown(given, ['place', 'oneTime'], (field, problem) => report(`keyboard.${field}`, problem));
  const { place = 'message', oneTime } = given;
  const known = PLACES.find((name) => name === place);
  if (known === undefined) report('keyboard.place', `must be ${PLACES.join(' or ')}`);
  if (oneTime !== undefined && typeof oneTime !== 'boolean')
    report('keyboard.oneTime', `must be true or false, got ${kindOf(oneTime)}`);
  if (oneTime === true && known === 'message') report('keyboard.oneTime', 'is of a keyboard at the place dialog');
  return { place: known ?? 'message', ...(oneTime === true && { oneTime }) };
}

function rowsOf(given: unknown, report: Report): Button[][] {
  if (!Array.isArray(given) || !given.every(Array.isArray)) {
    report('buttons', `must be a list of rows, each a list of {label, payload}, got ${kindOf(given)}`);
    return [];
  }
  return (given as unknown[][]).map((row, rowIndex) =>
    row.map((button, index) => {
      const at: Report = (field, problem) => report(`buttons[${rowIndex}][${index}]${field === '' ? '' : `.${field}`}`, problem);
      return buttonOf(button, at);
    }),
  );
}

function buttonOf(given: unknown, report: Report): Button {
  const nothing: Button = { kind: 'contact', label: '' };
  if (!isObject(given)) return report('', `must be an object with label and payload, got ${kindOf(given)}`) ?? nothing;
  const { kind: kindName = 'text', label, payload, color, url } = given;
  const kind = KINDS.find((name) => name === kindName);
  if (kind === undefined) return report('kind', `must be one of ${KINDS.join(', ')}`) ?? nothing;
  refuseUnknown(given, ['kind', 'label', ...FIELDS[kind]], report);
  if (typeof label !== 'string') return report('label', `must be a text, got ${kindOf(label)}`) ?? nothing;
  const named = { label: label.trim() };
  if (kind === 'contact') return { kind, ...named };
  if (kind === 'location')
    return { kind, ...named, ...(payload !== undefined && payload !== null && { payload: canonicalJson(payload) }) };
  if (kind === 'link') {
    if (typeof url !== 'string') return report('url', `must be the address that the button opens, got ${kindOf(url)}`) ?? nothing;
    return { kind, ...named, url };
  }
  if (payload === undefined || payload === null)
    return report('payload', 'is missing: a rule recognises the button by it') ?? nothing;
  const known = COLORS.find((name) => name === color);
  if (color !== undefined && known === undefined) report('color', `must be one of ${COLORS.join(', ')}`);
  return { kind, ...named, payload: canonicalJson(payload), ...(known !== undefined && { color: known }) };
}
