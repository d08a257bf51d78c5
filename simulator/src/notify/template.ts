import { DEMO_SERVICE } from '../world/world.ts';

export type Route = 'VK' | 'OK';

/** A template that the upstream has approved. `{{ name }}` stands for a variable; the text is plain, data is never rendered again. */
export interface Template {
  id: number;
  name: string;
  text: string;
  /** Used where an item names no routes. */
  routes: readonly Route[];
}

const TEMPLATES: readonly Template[] = [
  { id: 4, name: 'base_template', text: 'Здравствуйте, {{ name }}! Ваша {{ pizza }} готова.', routes: ['VK', 'OK'] },
];

/** The templates of a service: the demo's own, and the same for every service made for load. */
export function templatesOf(service: string): readonly Template[] {
  return service === DEMO_SERVICE || service.startsWith('Load_') ? TEMPLATES : [];
}

const VARIABLE = /\{\{\s*([\p{L}_][\p{L}\p{N}_]*)\s*\}\}/gu;
const variablesOf = new Map(
  TEMPLATES.map((template) => [template, new Set([...template.text.matchAll(VARIABLE)].map((match) => match[1] ?? ''))]),
);

export type Rendered = { ok: true; text: string } | { ok: false; message: string };

/** Fills in every variable; a missing, an extra or a nested one is refused by its name (gateway.md, `tmpl_data`). */
export function render(template: Template, values: Readonly<Record<string, unknown>>): Rendered {
  const variables = variablesOf.get(template) ?? new Set();
  for (const name of variables) {
    if (!Object.hasOwn(values, name)) return { ok: false, message: `The variable "${name}" of the template is missing.` };
  }
  for (const [name, value] of Object.entries(values)) {
    if (!variables.has(name)) return { ok: false, message: `The template has no variable "${name}".` };
    if (typeof value === 'object') return { ok: false, message: `The variable "${name}" must be a text or a number.` };
  }
  return { ok: true, text: template.text.replace(VARIABLE, (_, name: string) => String(values[name])) };
}
