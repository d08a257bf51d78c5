import type { ButtonPress, Network } from '@soroka/channels';
import type { Queryable } from '../platform/database.ts';
import { gathered } from '../platform/gathered.ts';

/** What an event asks of its network afterwards. */
export type FollowUpTask =
  /** Stop the spinner of a callback button. */
  | { kind: 'button'; press: ButtonPress; text?: string }
  /** Fetch the whole of a message that came cut. */
  | { kind: 'message'; dialogId: number; peerId: string; networkId: string }
  /** Ask what a chat is: whose, or of several people; its title and picture. `userId` wrote in it. */
  | { kind: 'chat'; network: Network; groupId: string; peerId: string; userId: string }
  /** Ask for somebody's name and picture. */
  | { kind: 'profile'; network: Network; userId: string }
  /** Fetch a file of a message before its address dies; `place` is its number among those of the line. */
  | { kind: 'file'; dialogId: number; eventId: string; place: number; name: string; url: string };

export type FollowUpKind = FollowUpTask['kind'];

export interface NewFollowUp {
  accountId: number;
  /** Of the group itself, never an upstream's. */
  connectionId: number;
  dueAt: Date;
  /** Its use runs out from here. */
  since: Date;
  task: FollowUpTask;
}

/** One that waits in the table. */
export interface FollowUp {
  id: number;
  accountId: number;
  connectionId: number;
  kind: FollowUpKind;
  task: FollowUpTask;
  tries: number;
  expiresAt: Date;
}

const DAY_MS = 86_400_000;
/** Names and pictures change now and then, and nobody waits for them: they are asked for again after so long. */
export const PROFILE_AGE_MAX_MS = 7 * DAY_MS;
/** How long each is of use. A button's spinner ends after a minute by itself (contracts: vk.md 1.4). */
const USEFUL_MS: Readonly<Record<FollowUpKind, number>> = {
  button: 60_000,
  message: DAY_MS,
  chat: DAY_MS,
  profile: DAY_MS,
  file: DAY_MS,
};

const SQL = {
  // One that waits already will ask the same.
  add: {
    name: 'follow_up_add',
    text: `
      insert into follow_up (account_id, connection_id, kind, subject, detail, due_at, expires_at)
      select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::jsonb[], $6::timestamptz[], $7::timestamptz[])
      order by 2, 3, 4
      on conflict (connection_id, kind, subject) do nothing`,
  },
  // Buttons first: theirs is the only use that is over soon. The due time is a lease: who dies leaves them to others.
  claim: {
    name: 'follow_up_claim',
    text: `
      update follow_up as f set due_at = $2, tries = f.tries + 1
      from (
        select id from follow_up
        where due_at <= $1 and not connection_id || ' ' || kind = any($3::text[])
        order by kind <> 'button', due_at
        limit $4
        for update skip locked
      ) as due
      where f.id = due.id
      returning
        f.id, f.account_id as "accountId", f.connection_id as "connectionId", f.kind, f.detail as task, f.tries,
        f.expires_at as "expiresAt"`,
  },
  forget: { name: 'follow_up_forget', text: 'delete from follow_up where id = any($1::bigint[])' },
  again: { name: 'follow_up_again', text: 'update follow_up set due_at = $2 where id = any($1::bigint[])' },
} as const;

/** Writes them down, in the transaction of the event that asks for them. */
export const addFollowUps = gathered(async (tx: Queryable, followUps: readonly NewFollowUp[]) => {
  await tx.run(SQL.add, [
    followUps.map(({ accountId }) => accountId),
    followUps.map(({ connectionId }) => connectionId),
    followUps.map(({ task }) => task.kind),
    followUps.map(({ task }) => subjectOf(task).replaceAll('\0', '')),
    followUps.map(({ task }) => JSON.stringify(task).replaceAll('\\u0000', '')),
    followUps.map(({ dueAt }) => dueAt),
    followUps.map(({ since, task }) => new Date(since.getTime() + USEFUL_MS[task.kind])),
  ]);
  return [];
});

/** Takes what is due until `leaseUntil`, but of the busy pairs `connectionId kind`. */
export function claimFollowUps(
  database: Queryable,
  { now, leaseUntil, busy, max }: { now: Date; leaseUntil: Date; busy: readonly string[]; max: number },
): Promise<FollowUp[]> {
  return database.rows<FollowUp>(SQL.claim, [now, leaseUntil, busy, max]);
}

/** They need nothing more. */
export async function forgetFollowUps(tx: Queryable, followUps: readonly FollowUp[]): Promise<void> {
  await tx.run(SQL.forget, [followUps.map(({ id }) => id)]);
}

export async function delayFollowUps(tx: Queryable, followUps: readonly FollowUp[], until: Date): Promise<void> {
  await tx.run(SQL.again, [followUps.map(({ id }) => id), until]);
}

function subjectOf(task: FollowUpTask): string {
  switch (task.kind) {
    case 'button':
      return task.press.callbackId;
    case 'message':
      return `${task.peerId} ${task.networkId}`;
    case 'chat':
      return task.peerId;
    case 'profile':
      return task.userId;
    case 'file':
      return `${task.dialogId} ${task.eventId} ${task.place}`;
  }
}
