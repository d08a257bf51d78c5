import type { MessageClass, Route } from '@soroka/api';
import { createAgedCache } from '../platform/aged-cache.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import { type Compiled, compile } from './compile.ts';
import { VK_INTENTS } from './intents.ts';

/** An approved text with variables. */
export interface Template {
  accountId: number;
  /** The customer's number. */
  id: number;
  /** `tmpl` of the request. */
  name: string;
  text: string;
  /** Networks it has a group in, in its own order of use. */
  routes: readonly Route[];
  /** Its names at the notify upstream, where they differ from ours. */
  upstream: UpstreamNames;
  /** What VK is told of why the group writes first, one of `VK_INTENTS`; null: nothing. */
  intent: string | null;
  /** What to do after a call without an answer to a network that cannot recognise a repeat. */
  unknownOutcome: 'resend' | 'stop';
  /** Of its messages that name none; null: the default one. */
  class: MessageClass | null;
  /** Approved for these senders. */
  senderIds: ReadonlySet<number>;
  /** Each must be given, and no other. */
  variables: readonly string[];
}

export interface UpstreamNames {
  templateId?: number;
  tmpl?: string;
}

export interface NewTemplate {
  accountId: number;
  id: number;
  name: string;
  text: string;
  /** Absent: VK, then OK. */
  routes?: readonly Route[];
  upstream?: UpstreamNames;
  /** One of `VK_INTENTS`. */
  intent?: string;
  /** Absent: resend. */
  unknownOutcome?: 'resend' | 'stop';
  /** Absent: none of its own. */
  class?: MessageClass;
  senderIds?: readonly number[];
}

export type Rendered = { ok: true; text: string } | { ok: false; variable: string; problem: 'missing' | 'extra' | 'type' };

export interface Templates {
  /** Throws `parameter.invalid` naming the field: a text outside the allowed Liquid, a number or name already used, a sender of another account. */
  add(template: NewTemplate): Promise<Template>;
  /** Lets the sender use it; nothing changes when it may already. Throws `not.found` where the account lacks either. */
  approve(accountId: number, templateId: number, senderId: number): Promise<void>;
  /** At most 1 s old. */
  byId(accountId: number, id: number): Promise<Template | null>;
  /** At most 1 s old. */
  byName(accountId: number, name: string): Promise<Template | null>;
  list(accountId: number): Promise<readonly Template[]>;
  /** Plain text: no HTML escaping, and nothing in the values is rendered again. Values are strings, numbers and booleans. Never throws for values. */
  render(template: Template, values: Readonly<Record<string, unknown>>): Rendered;
}

const AGE_MAX_MS = 1_000;
const COMPILED_MAX = 2_000;
const NAME_CHARACTERS_MAX = 100;
const ID_MAX = 2_147_483_647;

interface TemplateRow {
  accountId: number;
  id: number;
  name: string;
  text: string;
  routes: Route[];
  upstream: UpstreamNames;
  intent: string | null;
  unknownOutcome: 'resend' | 'stop';
  class: MessageClass | null;
  senderIds: string[];
}
const TEMPLATE = `
  select
    t.account_id as "accountId", t.id, t.name, t.text, t.routes, t.upstream, t.intent, t.unknown_outcome as "unknownOutcome", t.class,
    array(
      select s.sender_id::text from template_sender s where s.account_id = t.account_id and s.template_id = t.id order by s.sender_id
    ) as "senderIds"
  from template t
  where t.account_id = $1`;

const SQL = {
  byId: { name: 'template_by_id', text: `${TEMPLATE} and t.id = $2` },
  byName: { name: 'template_by_name', text: `${TEMPLATE} and t.name = $2` },
  list: { name: 'template_list', text: `${TEMPLATE} order by t.id` },
  insert: {
    name: 'template_insert',
    text: `
      insert into template (account_id, id, name, text, routes, upstream, intent, unknown_outcome, class)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
      on conflict do nothing`,
  },
  approve: {
    name: 'template_approve',
    text: `
      insert into template_sender (account_id, template_id, sender_id)
      select t.account_id, t.id, s.id
      from template t
      join sender s on s.account_id = t.account_id and s.id = $3
      where t.account_id = $1 and t.id = $2
      on conflict (account_id, template_id, sender_id) do update set sender_id = excluded.sender_id`,
  },
} as const;

export function createTemplates(parts: { database: Database; clock?: Clock }): Templates {
  const { database, clock = systemClock } = parts;
  const cache = createAgedCache<Template>({ clock, maxAgeMs: AGE_MAX_MS });
  const compiledOf = rememberCompiled();

  const asTemplate = (row: TemplateRow): Template => ({
    ...row,
    senderIds: new Set(row.senderIds.map(Number)),
    variables: compiledOf(row.text).variables,
  });
  const read = async (statement: (typeof SQL)['byId' | 'byName'], accountId: number, key: number | string) => {
    const [row] = await database.rows<TemplateRow>(statement, [accountId, key]);
    return row === undefined ? null : asTemplate(row);
  };

  return {
    async add({ accountId, id, name, text, senderIds = [], ...rest }) {
      const { routes = ['VK', 'OK'], upstream = {}, intent = null, unknownOutcome = 'resend', class: ownClass = null } = rest;
      check({ id, name, routes, intent });
      compiledOf(text);
      await database.transaction(async (tx) => {
        const values = [id, name, text, routes, JSON.stringify(upstream), intent, unknownOutcome, ownClass];
        const inserted = await tx.run(SQL.insert, [accountId, ...values]);
        if (inserted === 0)
          throw new AppError('parameter.invalid', `template ${id} or the name "${name}" is used already`, { field: 'id' });
        for (const senderId of senderIds) {
          if ((await tx.run(SQL.approve, [accountId, id, senderId])) === 1) continue;
          throw new AppError('parameter.invalid', `the account has no sender ${senderId}`, { field: 'senderIds' });
        }
      });
      cache.clear();
      return (await read(SQL.byId, accountId, id)) as Template;
    },
    async approve(accountId, templateId, senderId) {
      const approved = await database.run(SQL.approve, [accountId, templateId, senderId]);
      if (approved === 0) throw new AppError('not.found', `the account has no template ${templateId} or no sender ${senderId}`);
      cache.clear();
    },
    byId: (accountId, id) => cache.get(`${accountId} id ${id}`, () => read(SQL.byId, accountId, id)),
    byName: (accountId, name) => cache.get(`${accountId} name ${name}`, () => read(SQL.byName, accountId, name)),
    async list(accountId) {
      return (await database.rows<TemplateRow>(SQL.list, [accountId])).map(asTemplate);
    },
    render(template, values) {
      const { variables, render } = compiledOf(template.text);
      for (const variable of variables) {
        if (!Object.hasOwn(values, variable)) return { ok: false, variable, problem: 'missing' };
        if (!isPlainValue(values[variable])) return { ok: false, variable, problem: 'type' };
      }
      const given = Object.keys(values);
      if (given.length > variables.length) {
        return { ok: false, variable: given.find((name) => !variables.includes(name)) as string, problem: 'extra' };
      }
      return { ok: true, text: render(values) };
    },
  };
}

/** Compiled texts by the text itself: a template keeps its compiled form when the cache of rows is read anew. */
function rememberCompiled(): (text: string) => Compiled {
  const known = new Map<string, Compiled>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const compiled = compile(text);
    known.set(text, compiled);
    if (known.size > COMPILED_MAX) known.delete(known.keys().next().value as string);
    return compiled;
  };
}

// A bigint is a JSON number beyond 2^53, kept exact by the parser of requests.
function isPlainValue(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint';
}

function check({ id, name, routes, intent }: Pick<Template, 'id' | 'name' | 'routes' | 'intent'>): void {
  if (!Number.isInteger(id) || id < 1 || id > ID_MAX) {
    throw new AppError('parameter.invalid', `a template's id is a whole number from 1 to ${ID_MAX}`, { field: 'id' });
  }
  if (name.trim() === '' || name.length > NAME_CHARACTERS_MAX) {
    throw new AppError('parameter.invalid', `a template's name has 1 to ${NAME_CHARACTERS_MAX} characters`, { field: 'name' });
  }
  const known = routes.every((route) => route === 'VK' || route === 'OK');
  if (!known || routes.length === 0 || new Set(routes).size !== routes.length) {
    throw new AppError('parameter.invalid', 'routes are VK, OK or both, each once', { field: 'routes' });
  }
  if (intent !== null && !VK_INTENTS.includes(intent)) {
    throw new AppError('parameter.invalid', `an intent is one of ${VK_INTENTS.join(', ')}`, { field: 'intent' });
  }
}
