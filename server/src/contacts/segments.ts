import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';

/** Whom a segment means: every condition that is named must hold. */
export interface SegmentDefinition {
  labels?: { any?: readonly string[]; all?: readonly string[]; none?: readonly string[] };
  variables?: readonly VariableCondition[];
  activity?: {
    /** Wrote to one of the groups within so many days. */
    wroteWithinDays?: number;
    /** Wrote once, and not within so many days. */
    silentForDays?: number;
    /** Became known within so many days. */
    knownWithinDays?: number;
  };
  /** Known on one of these networks. */
  channels?: readonly ('VK' | 'OK')[];
  /** Wrote to one of these groups, or let it write, as `VK:213243638`; `activity` then speaks of these alone. */
  groups?: readonly string[];
  /** Where they became known. */
  sources?: readonly string[];
  hasPhone?: boolean;
}

export const VARIABLE_TESTS = ['equal', 'not_equal', 'less', 'greater', 'contains', 'present', 'absent'] as const;
export interface VariableCondition {
  name: string;
  is: (typeof VARIABLE_TESTS)[number];
  /** Not of `present` and `absent`. */
  value?: string | number | boolean;
}

export interface Segment {
  id: number;
  name: string;
  definition: SegmentDefinition;
  createdAt: Date;
  changedAt: Date;
}

export interface Segments {
  list(accountId: number): Promise<readonly Segment[]>;
  get(accountId: number, id: number): Promise<Segment | null>;
  /** Throws `segment.taken`. */
  add(accountId: number, segment: { name: string; definition: SegmentDefinition }): Promise<Segment>;
  /** Throws `not.found`, `segment.taken`. */
  change(accountId: number, id: number, change: { name?: string; definition?: SegmentDefinition }): Promise<Segment>;
  /** False where the account has none such. */
  remove(accountId: number, id: number): Promise<boolean>;
  /** How many it means, and a few of them. */
  size(
    accountId: number,
    definition: SegmentDefinition,
  ): Promise<{ contacts: number; sample: readonly { id: number; name: string | null }[] }>;
  /** Ids of the contacts it means, above `afterId`, in their order. */
  page(
    on: Queryable,
    accountId: number,
    definition: SegmentDefinition,
    page: { afterId: number; limit: number },
  ): Promise<readonly number[]>;
}

// One statement for every definition: what is not asked for is null. Those who were merged into others are nobody.
const MATCHES = `
  c.account_id = $1 and c.merged_into is null
  and ($2::text[] is null or c.labels && $2) and ($3::text[] is null or c.labels @> $3) and ($4::text[] is null or not c.labels && $4)
  and ($5::jsonb is null or not exists (
    select from jsonb_to_recordset($5) as v(name text, "is" text, value jsonb)
    where not coalesce(case v."is"
      when 'equal' then c.variables -> v.name = v.value
      when 'not_equal' then c.variables -> v.name is distinct from v.value
      when 'less' then jsonb_typeof(c.variables -> v.name) = jsonb_typeof(v.value) and c.variables -> v.name < v.value
      when 'greater' then jsonb_typeof(c.variables -> v.name) = jsonb_typeof(v.value) and c.variables -> v.name > v.value
      when 'contains' then strpos(lower(c.variables ->> v.name), lower(v.value #>> '{}')) > 0
      when 'present' then c.variables ? v.name
      when 'absent' then not c.variables ? v.name
    end, false)
  ))
  and ($6::text[] is null or exists (select from identity as i where i.contact_id = c.id and i.network = any($6)))
  and ($7::text[] is null or c.source = any($7))
  and ($8::boolean is null or (c.phone is not null) = $8)
  and ($9::timestamptz is null or c.created_at >= $9)
  and (($10::text[] is null and $11::timestamptz is null and $12::timestamptz is null) or exists (
    select from identity as i
    join subscription as s on s.account_id = i.account_id and s.network = i.network and s.user_id = i.user_id
    where i.contact_id = c.id and ($10::text[] is null or s.network || ':' || s.group_id = any($10))
      and ($11::timestamptz is null or s.last_word_at >= $11) and ($12::timestamptz is null or s.last_word_at is not null)
  ))
  and ($12::timestamptz is null or not exists (
    select from identity as i
    join subscription as s on s.account_id = i.account_id and s.network = i.network and s.user_id = i.user_id
    where i.contact_id = c.id and ($10::text[] is null or s.network || ':' || s.group_id = any($10)) and s.last_word_at >= $12
  ))`;

const SEGMENT = 'select id, name, definition, created_at as "createdAt", changed_at as "changedAt" from segment';
const RETURNED = 'returning id, name, definition, created_at as "createdAt", changed_at as "changedAt"';

const SQL = {
  list: { name: 'segment_list', text: `${SEGMENT} where account_id = $1 order by lower(name), id` },
  get: { name: 'segment_get', text: `${SEGMENT} where account_id = $1 and id = $2` },
  add: {
    name: 'segment_add',
    text: `
      insert into segment (account_id, name, definition, created_at, changed_at) values ($1, $2, $3::jsonb, $4, $4)
      on conflict (account_id, name) do nothing ${RETURNED}`,
  },
  taken: { name: 'segment_taken', text: 'select id from segment where account_id = $1 and name = $2 and id <> $3' },
  change: {
    name: 'segment_change',
    text: `
      update segment set name = coalesce($3, name), definition = coalesce($4::jsonb, definition), changed_at = $5
      where account_id = $1 and id = $2 ${RETURNED}`,
  },
  remove: { name: 'segment_remove', text: 'delete from segment where account_id = $1 and id = $2' },
  count: { name: 'segment_count', text: `select count(*)::int as contacts from contact as c where ${MATCHES}` },
  sample: { name: 'segment_sample', text: `select c.id, c.name from contact as c where ${MATCHES} order by c.id desc limit $13` },
  page: { name: 'segment_page', text: `select c.id from contact as c where ${MATCHES} and c.id > $13 order by c.id limit $14` },
} as const;

const DAY_MS = 86_400_000;
const SAMPLE = 10;

export function createSegments({ database, clock }: { database: Database; clock: Clock }): Segments {
  const valuesOf = (accountId: number, definition: SegmentDefinition): unknown[] => {
    const { labels = {}, variables = [], activity = {}, channels, groups, sources, hasPhone } = definition;
    const ago = (days: number | undefined): Date | null => (days === undefined ? null : new Date(clock.now() - days * DAY_MS));
    return [
      ...[accountId, labels.any ?? null, labels.all ?? null, labels.none ?? null],
      variables.length === 0 ? null : JSON.stringify(variables),
      channels?.map((channel) => channel.toLowerCase()) ?? null,
      ...[sources ?? null, hasPhone ?? null, ago(activity.knownWithinDays)],
      groups?.map((group) => group.replace(/^(VK|OK):/, (channel) => channel.toLowerCase())) ?? null,
      ...[ago(activity.wroteWithinDays), ago(activity.silentForDays)],
    ];
  };
  const checkName = async (accountId: number, name: string, id: number): Promise<void> => {
    if ((await database.rows(SQL.taken, [accountId, name, id])).length > 0) throw nameTaken();
  };

  return {
    list: (accountId) => database.rows<Segment>(SQL.list, [accountId]),
    get: async (accountId, id) => (await database.rows<Segment>(SQL.get, [accountId, id]))[0] ?? null,
    async add(accountId, { name, definition }) {
      const values = [accountId, name, JSON.stringify(definition), new Date(clock.now())];
      const [segment] = await database.rows<Segment>(SQL.add, values);
      if (segment === undefined) throw nameTaken();
      return segment;
    },
    async change(accountId, id, { name, definition }) {
      if (name !== undefined) await checkName(accountId, name, id);
      const json = definition === undefined ? null : JSON.stringify(definition);
      const [segment] = await database.rows<Segment>(SQL.change, [accountId, id, name ?? null, json, new Date(clock.now())]);
      if (segment === undefined) throw new AppError('not.found', 'this account has no such segment');
      return segment;
    },
    remove: async (accountId, id) => (await database.run(SQL.remove, [accountId, id])) === 1,
    async size(accountId, definition) {
      const values = valuesOf(accountId, definition);
      const [row] = await database.rows<{ contacts: number }>(SQL.count, values);
      return { contacts: row?.contacts ?? 0, sample: await database.rows(SQL.sample, [...values, SAMPLE]) };
    },
    async page(on, accountId, definition, { afterId, limit }) {
      const rows = await on.rows<{ id: number }>(SQL.page, [...valuesOf(accountId, definition), afterId, limit]);
      return rows.map(({ id }) => id);
    },
  };
}

function nameTaken(): AppError {
  return new AppError('segment.taken', 'another segment of this account has this name', { field: 'name' });
}
