import type { MessageClass, Route } from '@soroka/api';
import { createAgedCache } from '../platform/aged-cache.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import { type Compiled, compile } from './compile.ts';
import { VK_INTENTS } from './intents.ts';
import { isPlainValue, type Preview, previewOf } from './preview.ts';
import { addFirstVersion, createVersions, type Versions } from './versions.ts';

export type { Preview, VariableProblem } from './preview.ts';
export type { TemplateVersion } from './versions.ts';

/** An approved text with variables. */
export interface Template {
  accountId: number;
  /** The customer's number. */
  id: number;
  /** `tmpl` of the request. */
  name: string;
  /** The approved one, which never changes. */
  version: number;
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

export { type Compiled, compile } from './compile.ts';

export interface UpstreamNames {
  templateId?: number;
  tmpl?: string;
}

/** A template whether something of it is approved or not: `version` and `text` are null where nothing is. */
export type ListedTemplate = Omit<Template, 'version' | 'text' | 'variables'> & {
  version: number | null;
  text: string | null;
  variables: readonly string[];
};

/** What stays the same over all versions of a template. */
export interface TemplatePatch {
  routes?: readonly Route[];
  intent?: string | null;
  unknownOutcome?: 'resend' | 'stop';
  class?: MessageClass | null;
  /** Replace all there were. */
  senderIds?: readonly number[];
}

export interface NewTemplate {
  accountId: number;
  /** Absent: the next after all of the account. */
  id?: number;
  name: string;
  text: string;
  /** Absent: VK, then OK. */
  routes?: readonly Route[];
  upstream?: UpstreamNames;
  /** One of `VK_INTENTS`. */
  intent?: string | null;
  /** Absent: resend. */
  unknownOutcome?: 'resend' | 'stop';
  /** Absent: none of its own. */
  class?: MessageClass | null;
  senderIds?: readonly number[];
  /** Who writes it, `operator:5`. Absent: the command line. */
  by?: string;
  /** Absent: its first version is approved by whoever writes it. */
  isDraft?: boolean;
}

/** What a message is sent with that was accepted with a version. */
export type SentAs = Pick<Template, 'id' | 'name' | 'upstream' | 'intent'>;

export type Rendered = { ok: true; text: string } | { ok: false; variable: string; problem: 'missing' | 'extra' | 'type' };

export interface Templates extends Versions {
  /** Throws `parameter.invalid` naming the field: a text outside the allowed Liquid, a number or name already used, a sender of another account. */
  add(template: NewTemplate): Promise<ListedTemplate>;
  /** Changes what is given, for messages that are accepted from then on. Throws `not.found`, and `parameter.invalid` naming the field. */
  set(accountId: number, id: number, patch: TemplatePatch): Promise<ListedTemplate>;
  /** Lets the sender use it; nothing changes when it may already. Throws `not.found` where the account lacks either. */
  approve(accountId: number, templateId: number, senderId: number): Promise<void>;
  /** Null where nothing of it is approved. At most 1 s old. */
  byId(accountId: number, id: number): Promise<Template | null>;
  /** The same by its name. */
  byName(accountId: number, name: string): Promise<Template | null>;
  /** Those of which something is approved. */
  list(accountId: number): Promise<readonly Template[]>;
  all(accountId: number): Promise<readonly ListedTemplate[]>;
  find(accountId: number, id: number): Promise<ListedTemplate | null>;
  /** For a message on its way: what its template is called in the version that it was accepted with, whatever was approved since; null version: now. */
  sentAs(accountId: number, id: number, version: number | null): Promise<SentAs | null>;
  /** Plain text: no HTML escaping, and nothing in the values is rendered again. Values are strings, numbers and booleans. Never throws for values. */
  render(template: Pick<Template, 'text'>, values: Readonly<Record<string, unknown>>): Rendered;
  /** What a text becomes with these values, and everything that is wrong with them. Throws `parameter.invalid` for a text that is no template. */
  preview(text: string, values: Readonly<Record<string, unknown>>): Preview;
}

const AGE_MAX_MS = 1_000;
const COMPILED_MAX = 2_000;
const NAME_CHARACTERS_MAX = 100;
const ID_MAX = 2_147_483_647;

interface TemplateRow {
  accountId: number;
  id: number;
  name: string;
  /** Null where nothing is approved. */
  version: number | null;
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
    t.account_id as "accountId", t.id, t.name, t.version, t.text, t.routes, t.upstream, t.intent, t.unknown_outcome as "unknownOutcome", t.class,
    array(
      select s.sender_id::text from template_sender s where s.account_id = t.account_id and s.template_id = t.id order by s.sender_id
    ) as "senderIds"
  from template t
  where t.account_id = $1`;

const SQL = {
  byId: { name: 'template_by_id', text: `${TEMPLATE} and t.id = $2` },
  byName: { name: 'template_by_name', text: `${TEMPLATE} and t.name = $2` },
  list: { name: 'template_list', text: `${TEMPLATE} order by t.id` },
  sentAs: {
    name: 'template_sent_as',
    text: `
      select t.id, t.name, t.intent, coalesce(v.upstream, t.upstream) as upstream
      from template t
      left join template_version v on v.account_id = t.account_id and v.template_id = t.id and v.version = $3
      where t.account_id = $1 and t.id = $2`,
  },
  nextId: { name: 'template_next_id', text: 'select coalesce(max(id), 0) + 1 as id from template where account_id = $1' },
  insert: {
    name: 'template_insert',
    text: `
      insert into template (account_id, id, name, text, routes, upstream, intent, unknown_outcome, class, version)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
      on conflict do nothing`,
  },
  set: {
    name: 'template_set',
    text: `
      update template
      set
        routes = coalesce($3, routes), unknown_outcome = coalesce($4, unknown_outcome),
        intent = case when $5 then $6 else intent end, class = case when $7 then $8 else class end
      where account_id = $1 and id = $2`,
  },
  forbidAll: { name: 'template_forbid_all', text: 'delete from template_sender where account_id = $1 and template_id = $2' },
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
  const names = createAgedCache<SentAs>({ clock, maxAgeMs: AGE_MAX_MS });
  const compiledOf = rememberCompiled();

  const listed = (row: TemplateRow): ListedTemplate => ({
    ...row,
    text: row.version === null ? null : row.text,
    senderIds: new Set(row.senderIds.map(Number)),
    variables: row.version === null ? [] : compiledOf(row.text).variables,
  });
  const asTemplate = (row: TemplateRow | undefined): Template | null => {
    if (row === undefined) return null;
    const { version, text, ...rest } = listed(row);
    return version === null || text === null ? null : { ...rest, version, text };
  };
  const read = async (statement: (typeof SQL)['byId' | 'byName'], accountId: number, key: number | string) =>
    asTemplate((await database.rows<TemplateRow>(statement, [accountId, key]))[0]);
  const find = async (accountId: number, id: number): Promise<ListedTemplate | null> => {
    const [row] = id > ID_MAX ? [] : await database.rows<TemplateRow>(SQL.byId, [accountId, id]);
    return row === undefined ? null : listed(row);
  };
  const allow = async (tx: Queryable, accountId: number, id: number, senderIds: readonly number[]): Promise<void> => {
    for (const senderId of senderIds) {
      if ((await tx.run(SQL.approve, [accountId, id, senderId])) === 1) continue;
      throw new AppError('parameter.invalid', `the account has no sender ${senderId}`, { field: 'senderIds' });
    }
  };

  return {
    ...createVersions({ database, clock, compiledOf, onChange: () => cache.clear() }),
    async add({ accountId, id: wanted, name, text, senderIds = [], by = 'command', isDraft = false, ...rest }) {
      const { routes = ['VK', 'OK'], upstream = {}, intent = null, unknownOutcome = 'resend', class: ownClass = null } = rest;
      compiledOf(text);
      const id = await database.transaction(async (tx) => {
        const own = wanted ?? (await tx.rows<{ id: number }>(SQL.nextId, [accountId]))[0]?.id ?? 1;
        check({ id: own, name, routes, intent });
        const values = [own, name, text, routes, JSON.stringify(upstream), intent, unknownOutcome, ownClass];
        const inserted = await tx.run(SQL.insert, [accountId, ...values, isDraft ? null : 1]);
        if (inserted === 0)
          throw new AppError('parameter.invalid', `template ${own} or the name "${name}" is used already`, { field: 'id' });
        await addFirstVersion(tx, { accountId, templateId: own, text, upstream, by, at: new Date(clock.now()), isDraft });
        await allow(tx, accountId, own, senderIds);
        return own;
      });
      cache.clear();
      return (await find(accountId, id)) as ListedTemplate;
    },
    async set(accountId, id, { routes, intent, unknownOutcome, class: ownClass, senderIds }) {
      check({ id: 1, name: 'as it is', routes: routes ?? ['VK'], intent: intent ?? null });
      await database.transaction(async (tx) => {
        const values = [routes ?? null, unknownOutcome ?? null, intent !== undefined, intent ?? null];
        const changed = await tx.run(SQL.set, [accountId, id, ...values, ownClass !== undefined, ownClass ?? null]);
        if (changed === 0) throw new AppError('not.found', `the account has no template ${id}`);
        if (senderIds === undefined) return;
        await tx.run(SQL.forbidAll, [accountId, id]);
        await allow(tx, accountId, id, senderIds);
      });
      cache.clear();
      return (await find(accountId, id)) as ListedTemplate;
    },
    async approve(accountId, templateId, senderId) {
      const approved = await database.run(SQL.approve, [accountId, templateId, senderId]);
      if (approved === 0) throw new AppError('not.found', `the account has no template ${templateId} or no sender ${senderId}`);
      cache.clear();
    },
    byId: (accountId, id) => cache.get(`${accountId} id ${id}`, () => read(SQL.byId, accountId, id)),
    byName: (accountId, name) => cache.get(`${accountId} name ${name}`, () => read(SQL.byName, accountId, name)),
    async list(accountId) {
      return (await database.rows<TemplateRow>(SQL.list, [accountId])).flatMap((row) => asTemplate(row) ?? []);
    },
    async all(accountId) {
      return (await database.rows<TemplateRow>(SQL.list, [accountId])).map(listed);
    },
    find,
    sentAs: (accountId, id, version) =>
      names.get(`${accountId} ${id} ${version}`, async () => {
        return (await database.rows<SentAs>(SQL.sentAs, [accountId, id, version]))[0] ?? null;
      }),
    preview: (text, values) => previewOf(compiledOf(text), values),
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
