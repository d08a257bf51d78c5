import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import type { Compiled } from './compile.ts';
import type { UpstreamNames } from './templates.ts';

/** What a template said at a time. Its text never changes: another text is another version. */
export interface TemplateVersion {
  /** From 1 on in each template. */
  version: number;
  /** One at most of a template is approved; it is archived by the next that is. */
  state: 'draft' | 'approved' | 'archived';
  text: string;
  variables: readonly string[];
  upstream: UpstreamNames;
  createdAt: Date;
  /** `operator:5`, `key:0f3a…`, `command`. */
  createdBy: string;
  approvedAt: Date | null;
  approvedBy: string | null;
}

interface NewVersion {
  text: string;
  upstream?: UpstreamNames;
  by: string;
}

export interface Versions {
  /** Newest first; `[]` where the account has no such template. */
  versions(accountId: number, templateId: number): Promise<readonly TemplateVersion[]>;
  /** A draft. Throws `not.found`, and `parameter.invalid` for a text that is no template. */
  addVersion(accountId: number, templateId: number, version: NewVersion): Promise<TemplateVersion>;
  /** What is accepted from then on is of this draft. Throws `not.found`, and `template.version.settled` where it is no draft. */
  approveVersion(accountId: number, templateId: number, version: number, by: string): Promise<TemplateVersion>;
  /** With the approved one nothing can be sent any more; what was accepted goes on. Throws as approving does. */
  archiveVersion(accountId: number, templateId: number, version: number): Promise<TemplateVersion>;
}

const VERSION_MAX = 2_147_483_647;
const VERSION = `
  select
    version, state, text, upstream, created_at as "createdAt", created_by as "createdBy", approved_at as "approvedAt",
    approved_by as "approvedBy"
  from template_version
  where account_id = $1 and template_id = $2`;

const SQL = {
  list: { name: 'template_versions', text: `${VERSION} order by version desc` },
  one: { name: 'template_version_one', text: `${VERSION} and version = $3` },
  // Whoever changes versions of a template holds its row.
  lock: { name: 'template_version_lock', text: 'select version from template where account_id = $1 and id = $2 for update' },
  insert: {
    name: 'template_version_insert',
    text: `
      insert into template_version (account_id, template_id, version, text, upstream, state, created_at, created_by, approved_at, approved_by)
      select $1, $2, coalesce(max(version), $8) + 1, $3, $4, $5::text, $6::timestamptz, $7::text,
        case $5 when 'approved' then $6 end, case $5 when 'approved' then $7 end
      from template_version
      where account_id = $1 and template_id = $2
      returning version`,
  },
  archiveOthers: {
    name: 'template_version_archive_others',
    text: `
      update template_version set state = 'archived'
      where account_id = $1 and template_id = $2 and state = 'approved' and version <> $3`,
  },
  settle: {
    name: 'template_version_settle',
    text: `
      update template_version
      set
        state = $4::text, approved_at = case $4 when 'approved' then $5::timestamptz else approved_at end,
        approved_by = case $4 when 'approved' then $6::text else approved_by end
      where account_id = $1 and template_id = $2 and version = $3`,
  },
  use: {
    name: 'template_use_version',
    text: `
      update template as t set version = v.version, text = v.text, upstream = v.upstream
      from template_version v
      where t.account_id = $1 and t.id = $2 and v.account_id = t.account_id and v.template_id = t.id and v.version = $3`,
  },
  useNone: {
    name: 'template_use_none',
    text: 'update template set version = null where account_id = $1 and id = $2 and version = $3',
  },
} as const;

type VersionRow = Omit<TemplateVersion, 'variables'>;

/** The version of a template that was just made, in its transaction. */
export async function addFirstVersion(
  tx: Queryable,
  {
    accountId,
    templateId,
    text,
    upstream = {},
    by,
    at,
    isDraft,
  }: NewVersion & { accountId: number; templateId: number; at: Date; isDraft: boolean },
): Promise<void> {
  const state = isDraft ? 'draft' : 'approved';
  await tx.run(SQL.insert, [accountId, templateId, text, JSON.stringify(upstream), state, at, by, 0]);
}

/** `onChange` is called after what may be sent has changed. */
export function createVersions(parts: {
  database: Database;
  clock: Clock;
  compiledOf(text: string): Compiled;
  onChange(): void;
}): Versions {
  const { database, clock, compiledOf, onChange } = parts;
  const shown = (row: VersionRow): TemplateVersion => ({ ...row, variables: compiledOf(row.text).variables });
  const now = () => new Date(clock.now());

  /** The number of the approved version, with the template held. */
  const hold = async (tx: Queryable, accountId: number, templateId: number): Promise<number | null> => {
    const [held] = templateId > VERSION_MAX ? [] : await tx.rows<{ version: number | null }>(SQL.lock, [accountId, templateId]);
    if (held === undefined) throw new AppError('not.found', `the account has no template ${templateId}`);
    return held.version;
  };
  const one = async (on: Queryable, accountId: number, templateId: number, version: number): Promise<TemplateVersion> => {
    const [row] = version > VERSION_MAX ? [] : await on.rows<VersionRow>(SQL.one, [accountId, templateId, version]);
    if (row === undefined) throw new AppError('not.found', `template ${templateId} has no version ${version}`);
    return shown(row);
  };

  return {
    async versions(accountId, templateId) {
      return (await database.rows<VersionRow>(SQL.list, [accountId, templateId])).map(shown);
    },
    async addVersion(accountId, templateId, { text, upstream = {}, by }) {
      compiledOf(text);
      return database.transaction(async (tx) => {
        const approved = await hold(tx, accountId, templateId);
        const values = [accountId, templateId, text, JSON.stringify(upstream), 'draft', now(), by, approved ?? 0];
        const [made] = await tx.rows<{ version: number }>(SQL.insert, values);
        return one(tx, accountId, templateId, (made as { version: number }).version);
      });
    },
    async approveVersion(accountId, templateId, version, by) {
      const approved = await database.transaction(async (tx) => {
        await hold(tx, accountId, templateId);
        const { state } = await one(tx, accountId, templateId, version);
        if (state !== 'draft') throw settled(version, state);
        await tx.run(SQL.archiveOthers, [accountId, templateId, version]);
        await tx.run(SQL.settle, [accountId, templateId, version, 'approved', now(), by]);
        await tx.run(SQL.use, [accountId, templateId, version]);
        return one(tx, accountId, templateId, version);
      });
      onChange();
      return approved;
    },
    async archiveVersion(accountId, templateId, version) {
      const archived = await database.transaction(async (tx) => {
        await hold(tx, accountId, templateId);
        const { state } = await one(tx, accountId, templateId, version);
        if (state === 'archived') throw settled(version, state);
        await tx.run(SQL.settle, [accountId, templateId, version, 'archived', null, null]);
        await tx.run(SQL.useNone, [accountId, templateId, version]);
        return one(tx, accountId, templateId, version);
      });
      onChange();
      return archived;
    },
  };
}

const settled = (version: number, state: string): AppError =>
  new AppError('template.version.settled', `version ${version} is ${state}`);
