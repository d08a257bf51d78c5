import type { Content, Value } from '../model/model.ts';
import { isObject, variablesOf } from '../reading/reading.ts';
import type { Turn } from './turn.ts';

/** What texts and conditions may name without a step that saves it. */
export const KNOWN_FIELDS = ['name', 'phone', 'network', 'group', 'labels', 'workingHours', 'newDialog'] as const;

const FACTS: Readonly<Record<(typeof KNOWN_FIELDS)[number], (facts: Turn['facts']) => Value | readonly string[] | undefined>> = {
  name: ({ person }) => person.name,
  phone: ({ person }) => person.phone,
  network: ({ network }) => network,
  group: ({ groupId }) => groupId,
  labels: ({ person }) => person.labels,
  workingHours: ({ isWorkingHours }) => isWorkingHours,
  newDialog: ({ isNewDialog }) => isNewDialog,
};

/** What a name means here: a variable of the conversation, of the person, a fact, or a segment as `segments.NAME`. */
export function lookUp(name: string, { state, facts }: Pick<Turn, 'state' | 'facts'>): Value | readonly string[] | undefined {
  if (Object.hasOwn(state.variables, name)) return state.variables[name];
  if (Object.hasOwn(facts.person.variables, name)) return facts.person.variables[name];
  if (name.startsWith('segments.')) return facts.segments[name.slice('segments.'.length)] === true;
  const known = KNOWN_FIELDS.find((field) => field === name);
  return known === undefined ? undefined : FACTS[known](facts);
}

type Write = (value: string) => string;
const asIs: Write = (value) => value;

/** The text with its `{{ }}` filled in; what is not known is left empty. */
export function fill(text: string, turn: Pick<Turn, 'state' | 'facts'>, write: Write = asIs): string {
  return text.replace(/\{\{(.*?)\}\}/gs, (_, name: string) => {
    const value = lookUp(name.trim(), turn);
    return value === undefined ? '' : write(typeof value === 'object' ? value.join(', ') : String(value));
  });
}

/** A text that is one `{{ name }}` and nothing else keeps the kind of the value. */
export function fillValue(value: Value, turn: Pick<Turn, 'state' | 'facts'>): Value {
  if (typeof value !== 'string') return value;
  const [name, ...others] = variablesOf(value);
  const found =
    name !== undefined && others.length === 0 && /^\{\{[^{}]*\}\}$/.test(value.trim()) ? lookUp(name, turn) : undefined;
  return found === undefined || typeof found === 'object' ? fill(value, turn).slice(0, 4_096) : found;
}

/** All texts inside of a JSON value. */
export function fillJson(value: unknown, turn: Pick<Turn, 'state' | 'facts'>): unknown {
  if (typeof value === 'string') return fillValue(value, turn);
  if (Array.isArray(value)) return value.map((inner: unknown) => fillJson(inner, turn));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fillJson(inner, turn)]));
}

export function fillContent(content: Content, turn: Pick<Turn, 'state' | 'facts'>): Content {
  return { ...content, text: fill(content.text, turn).slice(0, 4_096) };
}
