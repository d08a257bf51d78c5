import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { type ChainedEntry, hashOf, NO_HASH } from './chain.ts';

/** Who does something: an API key, an operator, the command line, or somebody who is not known yet (a login that fails). */
export type Actor = { kind: 'key' | 'operator'; id: string } | { kind: 'command' | 'nobody' };

export interface NewAuditEntry {
  accountId: number;
  actor: Actor;
  /** `operator.changed`: a kind of thing, and what befell it. */
  action: string;
  /** `operator:5`. No phone, name or text. */
  object: string;
  /** Names of what changed, never values. */
  fields?: readonly string[];
}

export interface AuditEntry {
  number: number;
  at: Date;
  actor: Actor;
  action: string;
  object: string;
  fields: readonly string[];
  /** 64 hexadecimal digits: of this entry and all before it. */
  hash: string;
}

export interface AuditPage {
  items: readonly AuditEntry[];
  /** Null at the end. */
  nextNumber: number | null;
}

/** Who changed what in an account, in a chain of hashes: an entry that is changed or taken out afterwards is found. */
export interface Audit {
  /** Adds an entry in the transaction of the change. Last in it: others of the account wait for its commit. */
  note(tx: Queryable, entry: NewAuditEntry): Promise<void>;
  /** The same, of a change that is done. */
  add(entry: NewAuditEntry): Promise<void>;
  /** Newest first, below `before` where it is given. */
  list(accountId: number, page: { limit: number; before?: number }): Promise<AuditPage>;
  /** Reads the whole chain. The number of the first entry that is not as it was written, or is missing; null: all are whole. */
  firstBroken(accountId: number): Promise<number | null>;
}

interface Head {
  number: number;
  hash: Buffer;
}
interface EntryRow extends ChainedEntry {
  number: number;
  hash: Buffer;
}

const COLUMNS = 'number, at, actor_kind as "actorKind", actor_id as "actorId", action, object, fields, hash';
const SQL = {
  lock: {
    name: 'audit_lock',
    text: `
      insert into audit_head (account_id, number, hash) values ($1, 0, $2)
      on conflict (account_id) do update set number = audit_head.number
      returning number, hash`,
  },
  add: {
    name: 'audit_add',
    text: `
      with head as (update audit_head set number = $2, hash = $9 where account_id = $1)
      insert into audit_entry (account_id, number, at, actor_kind, actor_id, action, object, fields, hash)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
  },
  list: {
    name: 'audit_list',
    text: `
      select ${COLUMNS} from audit_entry
      where account_id = $1 and number < $2
      order by number desc
      limit $3`,
  },
  chain: {
    name: 'audit_chain',
    text: `select ${COLUMNS} from audit_entry where account_id = $1 and number > $2 order by number limit $3`,
  },
  head: { name: 'audit_head', text: 'select number, hash from audit_head where account_id = $1' },
} as const;

const CHAIN_PAGE = 1_000;

export function createAudit({ database, clock }: { database: Database; clock: Clock }): Audit {
  const note: Audit['note'] = async (tx, { accountId, actor, action, object, fields = [] }) => {
    const [head] = await tx.rows<Head>(SQL.lock, [accountId, NO_HASH]);
    const { number, hash: before } = head as Head;
    const at = new Date(clock.now());
    const [actorKind, actorId] = [actor.kind, 'id' in actor ? actor.id : null];
    const hash = hashOf(accountId, number + 1, before, { at, actorKind, actorId, action, object, fields });
    await tx.run(SQL.add, [accountId, number + 1, at, actorKind, actorId, action, object, fields, hash]);
  };

  return {
    note,
    add: (entry) => database.transaction((tx) => note(tx, entry)),
    async list(accountId, { limit, before = Number.MAX_SAFE_INTEGER }) {
      const rows = await database.rows<EntryRow>(SQL.list, [accountId, before, limit + 1]);
      const items = rows.slice(0, limit).map(entryOf);
      return { items, nextNumber: rows.length > limit ? (items.at(-1)?.number ?? null) : null };
    },
    async firstBroken(accountId) {
      // First the end, then the entries: what is added meanwhile stands behind it, and is whole or not like the rest.
      const [head] = await database.rows<Head>(SQL.head, [accountId]);
      if (head === undefined) return null;
      let [number, before]: [number, Buffer] = [0, NO_HASH];
      while (number < head.number) {
        const rows = await database.rows<EntryRow>(SQL.chain, [accountId, number, CHAIN_PAGE]);
        if (rows.length === 0) return number + 1;
        for (const row of rows) {
          const isWhole = row.number === number + 1 && row.hash.equals(hashOf(accountId, row.number, before, row));
          if (!isWhole) return number + 1;
          [number, before] = [row.number, row.hash];
          if (number === head.number && !before.equals(head.hash)) return number;
        }
      }
      return null;
    },
  };
}

function entryOf({ number, at, actorKind, actorId, action, object, fields, hash }: EntryRow): AuditEntry {
  const actor = actorId === null ? { kind: actorKind } : { kind: actorKind, id: actorId };
  return { number, at, actor: actor as Actor, action, object, fields, hash: hash.toString('hex') };
}
