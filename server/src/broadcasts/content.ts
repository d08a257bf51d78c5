import type { Keyboard } from '@soroka/channels';
import { type Compiled, compile } from '../templates/templates.ts';
import { shortLink } from './links.ts';
import type { BroadcastPlan, Variant } from './plan.ts';
import type { Person } from './reach.ts';

export interface LinkBase {
  /** Of the page that redirects. */
  publicUrl: string;
  broadcastId: number;
  linkKey: Buffer;
}

export type Personal = { text: string; keyboard?: Keyboard } | { reason: 'variable_missing' | 'text_too_long' };

// A link ends before a mark that ends its sentence, and holds no variable: what is made for each person is nobody's statistics.
const LINK = /https?:\/\/[^\s<>"'`{}]*[^\s<>"'`{}.,;:!?)\]]/g;

/** The addresses of a variant, each once: those of its text, then those of its buttons. */
export function linksOf({ text, keyboard }: Variant): readonly string[] {
  const ofButtons = (keyboard?.rows ?? []).flat().flatMap((button) => (button.kind === 'link' ? [button.url] : []));
  return [...new Set([...(text.match(LINK) ?? []), ...ofButtons])];
}

const COMPILED_MAX = 500;
const compiled = new Map<string, Compiled>();

/** Throws `parameter.invalid` for a text outside the allowed Liquid. */
export function compiledText(text: string): Compiled {
  const known = compiled.get(text);
  if (known !== undefined) return known;
  if (compiled.size >= COMPILED_MAX) compiled.clear();
  const made = compile(text);
  compiled.set(text, made);
  return made;
}

/** What a text may use of a person: their variables and name, then the plan's defaults. Empty is as good as missing. */
export function valuesFor(
  variables: readonly string[],
  { defaults = {} }: Pick<BroadcastPlan, 'defaults'>,
  person: Pick<Person, 'name' | 'variables'>,
): Record<string, string | number | boolean> | null {
  const known: Readonly<Record<string, string | number | boolean | null>> = { ...person.variables, name: person.name };
  const values: Record<string, string | number | boolean> = {};
  for (const variable of variables) {
    const [own, other] = [Object.hasOwn(known, variable) ? known[variable] : undefined, defaults[variable]];
    const value = own === undefined || own === null || own === '' ? other : own;
    if (value === undefined) return null;
    values[variable] = value;
  }
  return values;
}

/** The variant as one person gets it. */
export function personal(
  plan: Pick<BroadcastPlan, 'variants' | 'defaults'>,
  variant: number,
  person: Pick<Person, 'contactId' | 'name' | 'variables'>,
  base: LinkBase,
  charactersMax: number,
): Personal {
  const own = plan.variants[variant] as Variant;
  const template = compiledText(own.text);
  const values = valuesFor(template.variables, plan, person);
  if (values === null) return { reason: 'variable_missing' };
  const links = linksOf(own);
  const short = (url: string): string => {
    const index = links.indexOf(url);
    return index === -1 ? url : shortLink(base, { contactId: person.contactId, variant, link: index });
  };
  const text = template.render(values).replaceAll(LINK, short);
  if ([...text].length > charactersMax) return { reason: 'text_too_long' };
  if (own.keyboard === undefined) return { text };
  const rows = own.keyboard.rows.map((row) =>
    row.map((button) => (button.kind === 'link' ? { ...button, url: short(button.url) } : button)),
  );
  return { text, keyboard: { ...own.keyboard, rows } };
}
