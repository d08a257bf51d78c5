import { createHash } from 'node:crypto';
import type { Database, Queryable } from '../platform/database.ts';
import { gathered } from '../platform/gathered.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { DeviceAddress, DeviceKind } from './senders.ts';

export interface Subscription {
  id: number;
  accountId: number;
  operatorId: number;
  kind: DeviceKind;
  /** As its owner calls it. */
  device: string;
  /** Whether words and names of people go to the device. */
  showsText: boolean;
  createdAt: Date;
  lastTakenAt: Date | null;
}

export interface OpenedSubscription extends Subscription {
  address: DeviceAddress;
}

/** Somebody wrote in this dialog. */
export interface PushJob {
  dialogId: number;
  accountId: number;
  tries: number;
}

const COLUMNS = `
  s.id, s.account_id as "accountId", s.operator_id as "operatorId", s.kind, s.device, s.shows_text as "showsText", s.created_at as "createdAt",
  s.last_taken_at as "lastTakenAt", s.address as sealed`;
const SQL = {
  // The same browser, logged in as somebody else: it is theirs from now on.
  put: {
    name: 'push_put',
    text: `
      insert into push_subscription as s (account_id, operator_id, device, address, address_sha256, shows_text, created_at, kind)
      values ($1, $2, $3, $4, $5, $6, $7, $8)
      on conflict (address_sha256) do update
      set account_id = $1, operator_id = $2, device = $3, address = $4, shows_text = $6, created_at = $7, failures = 0
      returning ${COLUMNS}`,
  },
  list: {
    name: 'push_list',
    text: `select ${COLUMNS} from push_subscription as s where s.account_id = $1 and s.operator_id = $2 order by s.id`,
  },
  remove: {
    name: 'push_remove',
    text: 'delete from push_subscription where account_id = $1 and operator_id = $2 and id = $3',
  },
  // After so many failures in a row nobody is there any more.
  settle: {
    name: 'push_settle',
    text: `
      with gone as (delete from push_subscription where id = any($1::bigint[])), failed as (
        update push_subscription set failures = failures + 1 where id = any($3::bigint[]) returning id, failures
      )
      update push_subscription set failures = 0, last_taken_at = $4 where id = any($2::bigint[])`,
  },
  forgetFailing: {
    name: 'push_forget_failing',
    text: 'delete from push_subscription where id = any($1::bigint[]) and failures >= $2',
  },
  // Where nobody has a device nothing is written: most accounts, at the price of one look by index.
  note: {
    name: 'push_note',
    text: `
      insert into push_job (dialog_id, account_id, due_at)
      select dialog_id, account_id, min(due_at)
      from unnest($1::bigint[], $2::bigint[], $3::timestamptz[]) as j(dialog_id, account_id, due_at)
      where exists (select from push_subscription as s where s.account_id = j.account_id)
      group by dialog_id, account_id
      order by dialog_id
      on conflict (dialog_id) do nothing`,
  },
  claim: {
    name: 'push_claim',
    text: `
      update push_job as j set due_at = $2, tries = j.tries + 1
      from (select dialog_id from push_job where due_at <= $1 order by due_at limit $3 for update skip locked) as due
      where j.dialog_id = due.dialog_id
      returning j.dialog_id as "dialogId", j.account_id as "accountId", j.tries`,
  },
  done: { name: 'push_done', text: 'delete from push_job where dialog_id = $1' },
  delay: { name: 'push_delay', text: 'update push_job set due_at = $2 where dialog_id = $1' },
  // Who is to hear: the owner of the conversation; everybody who sees the dialog where it is in the queue; nobody where the bot has it.
  audience: {
    name: 'push_audience',
    text: `
      select ${COLUMNS}
      from dialog as d
      left join conversation as c on c.dialog_id = d.id and c.is_latest
      join push_subscription as s on s.account_id = d.account_id
      join operator as o on o.account_id = s.account_id and o.id = s.operator_id and o.disabled_at is null
      where d.id = $1 and d.account_id = $2 and (o.groups is null or upper(d.network) || ':' || d.group_id = any(o.groups))
        and o.role <> 'analyst' and (c.id is null or c.owner is null or c.owner = o.id)`,
  },
  said: {
    name: 'push_said',
    text: `
      select m.text, coalesce(c.name, p.name, d.title) as name
      from dialog as d
      join lateral (
        select text from dialog_message where dialog_id = d.id and direction = 'in' order by sequence desc limit 1
      ) as m on true
      left join contact as c on c.id = d.contact_id
      left join profile as p on p.account_id = d.account_id and p.network = d.network and p.user_id = d.user_id
      where d.id = $1`,
  },
} as const;

const CONTEXT = 'push_subscription.address';
type Row = Subscription & { sealed: Buffer };

export interface PushRows {
  put(given: Omit<OpenedSubscription, 'id' | 'kind' | 'lastTakenAt'>): Promise<OpenedSubscription>;
  list(accountId: number, operatorId: number): Promise<readonly OpenedSubscription[]>;
  remove(accountId: number, operatorId: number, id: number): Promise<boolean>;
  note(tx: Queryable, job: Pick<PushJob, 'dialogId' | 'accountId'>, dueAt: Date): Promise<void>;
  claim(now: Date, leaseUntil: Date, max: number): Promise<readonly PushJob[]>;
  done(dialogId: number): Promise<void>;
  delay(dialogId: number, dueAt: Date): Promise<void>;
  audience(job: PushJob): Promise<readonly OpenedSubscription[]>;
  said(dialogId: number): Promise<{ name: string | null; text: string } | null>;
  /** Gone ones are removed, and those that failed so often in a row. */
  settle(
    ids: { gone: readonly number[]; taken: readonly number[]; failed: readonly number[] },
    at: Date,
    failuresMax: number,
  ): Promise<void>;
}

const noteJobs = gathered(async (tx: Queryable, jobs: readonly (Pick<PushJob, 'dialogId' | 'accountId'> & { dueAt: Date })[]) => {
  await tx.run(SQL.note, [
    jobs.map(({ dialogId }) => dialogId),
    jobs.map(({ accountId }) => accountId),
    jobs.map(({ dueAt }) => dueAt),
  ]);
  return [];
});

export function createPushRows({ database, secrets }: { database: Database; secrets: Secrets }): PushRows {
  const hashOf = (address: DeviceAddress): Buffer => {
    const name = address.kind === 'web' ? address.endpoint : `${address.kind}:${address.token}`;
    return createHash('sha256').update(name, 'utf8').digest();
  };
  const opened = ({ sealed, ...row }: Row): OpenedSubscription => {
    const known = JSON.parse(secrets.open(sealed, CONTEXT)) as object;
    return { ...row, address: { ...known, kind: row.kind } as DeviceAddress };
  };
  return {
    async put({ accountId, operatorId, device, address, showsText, createdAt }) {
      const { kind, ...known } = address;
      const sealed = secrets.seal(JSON.stringify(known), CONTEXT);
      const values = [accountId, operatorId, device, sealed, hashOf(address), showsText, createdAt, kind];
      const [row] = await database.rows<Row>(SQL.put, values);
      return opened(row as Row);
    },
    list: async (accountId, operatorId) => (await database.rows<Row>(SQL.list, [accountId, operatorId])).map(opened),
    remove: async (accountId, operatorId, id) => (await database.run(SQL.remove, [accountId, operatorId, id])) > 0,
    async note(tx, job, dueAt) {
      await noteJobs(tx, [{ ...job, dueAt }]);
    },
    claim: (now, leaseUntil, max) => database.rows<PushJob>(SQL.claim, [now, leaseUntil, max]),
    async done(dialogId) {
      await database.run(SQL.done, [dialogId]);
    },
    async delay(dialogId, dueAt) {
      await database.run(SQL.delay, [dialogId, dueAt]);
    },
    audience: async ({ dialogId, accountId }) => (await database.rows<Row>(SQL.audience, [dialogId, accountId])).map(opened),
    async said(dialogId) {
      const [row] = await database.rows<{ name: string | null; text: string }>(SQL.said, [dialogId]);
      return row ?? null;
    },
    async settle({ gone, taken, failed }, at, failuresMax) {
      await database.run(SQL.settle, [gone, taken, failed, at]);
      if (failed.length > 0) await database.run(SQL.forgetFailing, [failed, failuresMax]);
    },
  };
}
