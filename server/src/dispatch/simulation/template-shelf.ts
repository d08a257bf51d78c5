import type { Template, Templates } from '../../templates/templates.ts';
import type { SimulatedProcess } from './process.ts';
import { type Scenario, TEMPLATES, UNAPPROVED_TEMPLATE, UNFILLED_TEMPLATE } from './scenario.ts';
import type { Timeline } from './timeline.ts';

/** What a message calls its template by, instead of the number. */
export const templateName = (id: number): string => `template ${id}`;

const EVERYBODY = { has: () => true } as unknown as ReadonlySet<number>;
const NOBODY_AT_ALL: ReadonlySet<number> = new Set();

const TEXT = '{{ text }}';
const UNFILLED = '{{ nobody }}';
const SHELF = Object.entries(TEMPLATES).map(
  ([id, unknownOutcome]): Template => ({
    ...{
      accountId: 0,
      id: Number(id),
      name: templateName(Number(id)),
      version: 1,
      text: Number(id) === UNFILLED_TEMPLATE ? UNFILLED : TEXT,
    },
    ...{
      routes: ['VK', 'OK'],
      upstream: {},
      intent: id === '4' ? 'default' : null,
      unknownOutcome,
      class: null,
      variables: ['text'],
    },
    senderIds: Number(id) === UNAPPROVED_TEMPLATE ? NOBODY_AT_ALL : EVERYBODY,
  }),
);

/** The templates as a process reads them; one may be gone for a while when it is to be sent. */
export function templatesFor(
  process: SimulatedProcess,
  parts: { scenario: Scenario; timeline: Timeline; perhapsRefused(): void },
): Templates {
  const { templateGone } = parts.scenario;
  const read = (fits: (template: Template) => boolean): Promise<Template | null> =>
    process.call('reads a template', async () => {
      parts.perhapsRefused();
      return SHELF.find(fits) ?? null;
    });
  const isGone = (id: number): boolean => {
    if (templateGone?.id !== id) return false;
    const sinceMs = parts.timeline.now() - templateGone.fromMs;
    return sinceMs >= 0 && sinceMs < templateGone.forMs;
  };
  const known: Pick<Templates, 'byId' | 'byName' | 'sentAs' | 'render'> = {
    byId: (_, wanted) => read(({ id }) => id === wanted),
    byName: (_, wanted) => read(({ name }) => name === wanted),
    sentAs: (_, wanted) => read(({ id }) => id === wanted && !isGone(id)),
    render: (template, { text }) =>
      template.text === TEXT ? { ok: true, text: String(text) } : { ok: false, variable: 'nobody', problem: 'missing' },
  };
  return known as Templates;
}
