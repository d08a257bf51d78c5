import type { Queryable } from '../platform/database.ts';

/** A group of a network, or all of the account. */
export type ConsentScope = { network: 'vk' | 'ok'; groupId: string } | 'account';
export const CONSENT_SOURCES = ['api', 'import', 'command', 'word', 'button', 'network', 'bot'] as const;
export type ConsentSource = (typeof CONSENT_SOURCES)[number];

export interface Consent {
  scope: ConsentScope;
  /** Whether they let us write. */
  allowed: boolean;
  source: ConsentSource;
  /** Where the permission came from, in the account's words. */
  detail?: string;
  at: Date;
}

export interface ConsentEntry {
  id: number;
  network: 'vk' | 'ok' | null;
  groupId: string | null;
  allowed: boolean;
  source: ConsentSource;
  detail: string | null;
  at: Date;
}

const SQL = {
  // In one order for everybody, so that two who say something about the same people do not lock up.
  add: {
    name: 'consent_add',
    text: `
      insert into consent_entry (account_id, contact_id, network, group_id, allowed, source, detail, at)
      select $1, id, $3, $4, $5, $6, $7, $8 from unnest($2::bigint[]) as c(id) order by id`,
  },
  // Those who were merged into them too: they are found by a phone of their own.
  ofAccount: {
    name: 'consent_of_account',
    text: `
      update contact set opted_out_at = case when $3 then null else coalesce(opted_out_at, $4) end
      where account_id = $1 and (id = any($2::bigint[]) or merged_into = any($2::bigint[]))`,
  },
  groupOut: {
    name: 'consent_group_out',
    text: `
      insert into group_opt_out (account_id, contact_id, network, group_id, at)
      select $1, id, $3, $4, $5 from unnest($2::bigint[]) as c(id) order by id
      on conflict do nothing`,
  },
  groupIn: {
    name: 'consent_group_in',
    text: `
      delete from group_opt_out
      where account_id = $1 and contact_id = any($2::bigint[]) and ($3::text is null or (network, group_id) = ($3, $4))`,
  },
  log: {
    name: 'consent_log',
    text: `
      select id, network, group_id as "groupId", allowed, source, detail, at
      from consent_entry
      where account_id = $1 and id < $3
        and contact_id in (select id from contact where account_id = $1 and (id = $2 or merged_into = $2))
      order by id desc
      limit $4`,
  },
} as const;

/**
 * Writes down what these contacts said, and what follows from it. Whoever lets the whole account write again lets every group
 * of it; whoever forbids it keeps what they said of single groups.
 */
export async function recordConsent(
  tx: Queryable,
  accountId: number,
  contactIds: readonly number[],
  { scope, allowed, source, detail = undefined, at }: Consent,
): Promise<void> {
  const ids = [...new Set(contactIds)];
  if (ids.length === 0) return;
  const [network, groupId] = scope === 'account' ? [null, null] : [scope.network, scope.groupId];
  await tx.run(SQL.add, [accountId, ids, network, groupId, allowed, source, detail ?? null, at]);
  if (scope === 'account') await tx.run(SQL.ofAccount, [accountId, ids, allowed, at]);
  if (allowed) await tx.run(SQL.groupIn, [accountId, ids, network, groupId]);
  else if (scope !== 'account') await tx.run(SQL.groupOut, [accountId, ids, network, groupId, at]);
}

/** What a contact said, newest first, with what those said who were merged into it. */
export function consentLog(
  on: Queryable,
  accountId: number,
  contactId: number,
  page: { beforeId: number; limit: number },
): Promise<readonly ConsentEntry[]> {
  return on.rows<ConsentEntry>(SQL.log, [accountId, contactId, page.beforeId, page.limit]);
}

// A whole message, so that "стоп, я передумала насчёт соуса" unsubscribes nobody.
const OPT_OUT_WORDS: ReadonlySet<string> = new Set([
  'стоп',
  'отписаться',
  'отпишите',
  'отписка',
  'не писать',
  'stop',
  'unsubscribe',
]);
const OPT_IN_WORDS: ReadonlySet<string> = new Set(['подписаться', 'старт рассылки', 'subscribe']);
/** `command` of the payload of a button. */
const COMMANDS: Readonly<Record<string, boolean>> = { unsubscribe: false, subscribe: true };

/** Whether a message means that the person wants to be written to (true) or not (false); null: neither. */
export function consentOfWords(text: string): boolean | null {
  const words = text
    .toLowerCase()
    .replaceAll('ё', 'е')
    .replaceAll(/[^\p{L}\p{N}\s]/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  if (OPT_OUT_WORDS.has(words)) return false;
  return OPT_IN_WORDS.has(words) ? true : null;
}

/** The same of a button's payload: `{"command":"unsubscribe"}` or `{"command":"subscribe"}`. */
export function consentOfPayload(payload: string | undefined): boolean | null {
  if (payload === undefined || !payload.includes('subscribe')) return null;
  try {
    const { command } = JSON.parse(payload) as { command?: unknown };
    return typeof command === 'string' && Object.hasOwn(COMMANDS, command) ? (COMMANDS[command] as boolean) : null;
  } catch {
    return null;
  }
}
