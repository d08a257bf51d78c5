import type { Client, Dialog, DialogMessage } from '@soroka/api';
import type { Town } from '../town.ts';
import type { Audience } from './mailing.ts';
import { ADVERT, LABEL } from './mailing.ts';
import { type PhoneLine, phoneOf, type Visitor } from './people.ts';

const PAGE = 100;
const AT_ONCE = 20;

/** What the server says of the day and what stands on the phones, compared line by line; a sentence for each difference. */
export interface Agreement {
  differences: readonly string[];
  /** Messages to OK that stand twice on a phone: their call had no answer when a server died. */
  doubled: number;
  lines: number;
}

export async function compareHistories(town: Town, client: Client, visitors: readonly Visitor[]): Promise<Agreement> {
  const dialogs = new Map((await allDialogs(client)).map((dialog) => [`${dialog.contact?.phone} ${dialog.channel}`, dialog]));
  const differences: string[] = [];
  let [doubled, lines] = [0, 0];
  await inParallel(visitors, async ({ phone, network, presses }) => {
    const dialog = dialogs.get(`${phone} ${network.toUpperCase()}`);
    if (dialog === undefined) return void differences.push(`${phone} wrote by ${network} and has no dialog`);
    const history = await historyOf(client, dialog.id);
    const onPhone = (await phoneOf(town, phone)).filter(({ chat }) => chat.startsWith(`${network}:`));
    for (const from of ['person', 'group'] as const) {
      const ours = history.filter((line) => isOf(line, from)).map(({ text }) => text);
      const theirs = onPhone.filter((line) => line.from === from).map(({ text }) => text);
      const once = from === 'group' && network === 'ok' ? withoutRepeats(theirs) : theirs;
      doubled += theirs.length - once.length;
      lines += ours.length;
      if (JSON.stringify(ours) !== JSON.stringify(once))
        differences.push(
          `${phone} by ${network}, of the ${from}: ${JSON.stringify(ours)} is stored, ${JSON.stringify(theirs)} on the phone`,
        );
    }
    // OK tells of a press, and its phone shows none.
    const pressed = history.filter(({ kind }) => kind === 'button').length;
    if (pressed !== (network === 'ok' && presses ? 1 : 0)) differences.push(`${phone} by ${network} pressed ${pressed} times`);
    const unsent = history.filter(({ status }) => status !== null && !['SENT', 'DELIVERED', 'READ'].includes(status));
    for (const { id, status } of unsent) differences.push(`line ${id} of ${phone} is ${status}, and stands on the phone`);
    const sequences = history.map(({ sequence }) => sequence);
    if (new Set(sequences).size !== sequences.length) differences.push(`lines of dialog ${dialog.id} have the same number`);
  });
  return { differences, doubled, lines };
}

/** Who has the broadcast on the phone, who is said to have it, and what its report counts. */
export async function compareMailing(town: Town, client: Client, broadcastId: number, audience: Audience): Promise<string[]> {
  const differences: string[] = [];
  const path = { broadcastId };
  const report = await client.getBroadcastReport({ path });
  const contacts = await allOf((cursor) => client.listContacts({ query: { label: LABEL, limit: PAGE, ...cursor } }));
  const phoneOfContact = new Map(contacts.map(({ id, phone }) => [id, phone ?? '']));
  const recipients = await allOf((cursor) => client.listBroadcastRecipients({ path, query: { limit: PAGE, ...cursor } }));
  const received = new Map<string, number>();
  await inParallel(audience.phones, async (phone) => {
    const lines = await phoneOf(town, phone);
    received.set(phone, lines.filter(isAdvert).length);
  });
  const same = (what: string, ours: unknown, theirs: unknown): void => {
    if (JSON.stringify(ours) !== JSON.stringify(theirs))
      differences.push(`${what}: ${JSON.stringify(ours)} is said, ${JSON.stringify(theirs)} is so`);
  };
  const excluded = Object.values(audience.excluded).flat();
  same('recipients', recipients.length, audience.phones.length);
  same('recipients of the report', report.recipients, audience.phones.length);
  same('excluded', report.excluded, excluded.length);
  for (const [reason, phones] of Object.entries(audience.excluded)) {
    same(`left out as ${reason}`, report.reasons.find((row) => row.reason === reason)?.contacts ?? 0, phones.length);
    const named = recipients.filter((row) => row.reason === reason).map(({ contactId }) => phoneOfContact.get(contactId));
    same(`who was left out as ${reason}`, named.toSorted(), phones.toSorted());
  }
  const wanted = audience.phones.filter((phone) => !excluded.includes(phone));
  // Calls to OK that the server died in: OK would deliver a repeat, so there is none, and nobody knows.
  const unknown = report.reasons.find(({ reason }) => reason === 'unknown_outcome')?.contacts ?? 0;
  const without = wanted.filter((phone) => received.get(phone) !== 1);
  if (without.length > unknown || without.some((phone) => received.get(phone) !== 0)) same('who has it once', without, []);
  same(
    'who was left out and has it',
    excluded.filter((phone) => received.get(phone) !== 0),
    [],
  );
  same('given', report.given, wanted.length);
  same('failed', report.failed, unknown);
  same('sent', report.funnel.sent, wanted.length - unknown);
  same('waiting', report.waiting, 0);
  const given = recipients.filter(({ state }) => state === 'given');
  same('given, one by one', given.map(({ contactId }) => phoneOfContact.get(contactId)).toSorted(), wanted.toSorted());
  same('delivered', report.funnel.delivered, given.filter(({ deliveredAt }) => deliveredAt !== null).length);
  return differences;
}

const isAdvert = ({ from, text }: PhoneLine): boolean => from === 'group' && (text === ADVERT || text.includes('скидка'));

const isOf = ({ kind, direction }: DialogMessage, from: 'person' | 'group'): boolean =>
  kind === 'message' && direction === (from === 'person' ? 'in' : 'out');

/** A repeat comes when another server has taken the call over: maybe behind what was said meanwhile. Nothing is said twice on purpose. */
const withoutRepeats = (texts: readonly string[]): string[] => [...new Set(texts)];

const allDialogs = (client: Client): Promise<Dialog[]> =>
  allOf((cursor) => client.listDialogs({ query: { limit: PAGE, ...cursor } }));

async function historyOf(client: Client, dialogId: number): Promise<DialogMessage[]> {
  const path = { dialogId };
  return (await allOf((cursor) => client.listDialogMessages({ path, query: { limit: PAGE, ...cursor } }))).reverse();
}

async function allOf<Item>(
  page: (cursor: { cursor?: string }) => Promise<{ items: readonly Item[]; nextCursor: string | null }>,
): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor: { cursor?: string } = {}; ; ) {
    const { items: found, nextCursor } = await page(cursor);
    items.push(...found);
    if (nextCursor === null) return items;
    cursor = { cursor: nextCursor };
  }
}

export async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const left = items.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of left) await work(item);
    }),
  );
}
