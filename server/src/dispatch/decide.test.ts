import type { Status } from '@soroka/api';
import type { SendOutcome } from '@soroka/channels';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decide } from './decide.ts';
import type { Change, Fact, HeldMessage } from './facts.ts';
import type { StepPlan } from './plan.ts';
import { backoffMs } from './rules-outcomes.ts';

const SETTINGS = { pollAfterMs: 60_000, random: () => 0.5 };
const NOW = Date.UTC(2026, 0, 15, 9);
const TTL_MS = 3_600_000;
const DAY_MS = 86_400_000;
const DUE_AT = new Date(NOW - 600_000);

const step = (route: 'VK' | 'OK', more: Partial<StepPlan> = {}): StepPlan => ({
  route,
  provider: 'notify',
  connectionId: 1,
  laneId: 1,
  groupId: '1',
  onUnknown: 'resend',
  ...more,
});
const message = (more: Partial<HeldMessage> = {}): HeldMessage => ({
  id: 1,
  accountId: 1,
  status: 'QUEUED',
  channel: 'VK',
  createdAt: NOW,
  expiresAt: NOW + TTL_MS,
  steps: [step('VK'), step('OK')],
  history: [],
  notes: null,
  delivery: { step: 0, state: 'sending', attempt: 1, dueAt: DUE_AT, daySlotAt: null, dayPersons: null, maybeSent: false },
  ...more,
});

/** The message as it stands after a change: what the tables hold. */
function after(held: HeldMessage, change: Change | null): HeldMessage {
  if (change === null) return held;
  const { delivery } = change;
  let next = held.delivery;
  if (next !== null) {
    if (delivery === 'remove') next = null;
    else if (delivery !== 'keep' && 'await' in delivery) next = { ...next, state: 'sent' };
    else if (delivery !== 'keep' && 'queue' in delivery)
      next = {
        ...next,
        state: 'queued',
        step: delivery.queue.step,
        attempt: delivery.queue.attempt,
        maybeSent: delivery.queue.maybeSent,
      };
  }
  const history = change.entry === undefined ? held.history : [...held.history, change.entry];
  return { ...held, status: change.status ?? held.status, channel: change.channel ?? held.channel, history, delivery: next };
}

const outcome = (answer: SendOutcome, more: { dropsRepeats?: boolean; awaitsReceipts?: boolean } = {}): Fact => ({
  kind: 'outcome',
  outcome: answer,
  launchedAt: NOW - 12,
  dropsRepeats: true,
  awaitsReceipts: true,
  ...more,
});
const receipt = (status: Exclude<Status, 'QUEUED' | 'CANCELLED'>, more: { step?: number; at?: number } = {}): Fact => ({
  kind: 'receipt',
  step: 0,
  status,
  at: NOW,
  ...more,
});
const walk = (held: HeldMessage, ...facts: Fact[]): { held: HeldMessage; reported: [string, Status][] } => {
  const reported: [string, Status][] = [];
  let current = held;
  for (const fact of facts) {
    const change = decide(current, fact, NOW, SETTINGS);
    if (change?.report && change.entry !== undefined) reported.push([change.entry.channel, change.entry.status]);
    current = after(current, change);
    if (current.delivery?.state === 'queued')
      current = { ...current, delivery: { ...current.delivery, state: 'sending', attempt: current.delivery.attempt + 1 } };
  }
  return { held: current, reported };
};
const SENT: SendOutcome = { kind: 'sent', networkId: 'n' };

test('a message walks SENT, DELIVERED, READ, each reported once', () => {
  const { held, reported } = walk(
    message(),
    outcome(SENT),
    receipt('SENT'),
    receipt('DELIVERED'),
    receipt('DELIVERED'),
    receipt('READ'),
    receipt('READ'),
  );
  expect(reported).toEqual([
    ['VK', 'SENT'],
    ['VK', 'DELIVERED'],
    ['VK', 'READ'],
  ]);
  expect(held).toMatchObject({ status: 'READ', delivery: null });
});

test('where the provider reports no delivery, SENT settles the message and READ may follow', () => {
  const { held, reported } = walk(message(), outcome(SENT, { awaitsReceipts: false }));
  expect(held.delivery).toBeNull();
  expect(decide(held, { kind: 'expired' }, NOW + TTL_MS, SETTINGS)).toBeNull();
  expect(reported).toEqual([['VK', 'SENT']]);
  expect(decide(held, { kind: 'read', at: NOW }, NOW, SETTINGS)).toMatchObject({ status: 'READ', report: true });
});

test('an UNDELIVERABLE from the provider after SENT starts the next route; the last one’s is final', () => {
  const first = walk(message(), outcome(SENT), receipt('UNDELIVERABLE'));
  expect(first.held).toMatchObject({ channel: 'OK', delivery: { step: 1 } });
  const last = walk(first.held, outcome(SENT), receipt('UNDELIVERABLE', { step: 1 }));
  expect([...first.reported, ...last.reported]).toEqual([
    ['VK', 'SENT'],
    ['OK', 'SENT'],
    ['OK', 'UNDELIVERABLE'],
  ]);
  expect(last.held.delivery).toBeNull();
});

test('a text that the network refuses for its content is not tried on the next route', () => {
  const { held } = walk(message(), outcome({ kind: 'refused', reason: 'content', networkCode: '911' }));
  expect(held).toMatchObject({ status: 'UNDELIVERABLE', channel: 'VK', delivery: null });
});

test('a READ later than ttl and a day is evidence, not a report', () => {
  const sent = walk(message(), outcome(SENT)).held;
  const late = decide(sent, receipt('READ', { at: NOW + TTL_MS + DAY_MS + 1 }), NOW, SETTINGS);
  expect(late).toMatchObject({ report: false, entry: { evidence: true } });
  expect(late?.status).toBeUndefined();
  expect(decide(sent, receipt('READ', { at: NOW + TTL_MS + DAY_MS }), NOW, SETTINGS)).toMatchObject({
    status: 'READ',
    report: true,
  });
});

test('a DELIVERED after EXPIRED is kept as evidence', () => {
  const sent = walk(message(), outcome(SENT)).held;
  const expired = after(sent, decide(sent, { kind: 'expired' }, NOW + TTL_MS, SETTINGS));
  expect(expired.status).toBe('EXPIRED');
  expect(decide(expired, receipt('DELIVERED'), NOW + TTL_MS, SETTINGS)).toMatchObject({
    report: false,
    entry: { status: 'DELIVERED', evidence: true },
  });
});

test('a call in flight is not expired before its answer', () => {
  expect(decide(message(), { kind: 'expired' }, NOW + TTL_MS, SETTINGS)).toBeNull();
});

test.each(['lane', 'recipient'] as const)(
  'what the network puts off for a %s is tried again when it says, and is no attempt of the message',
  (scope) => {
    const change = decide(message(), outcome({ kind: 'throttled', scope, retryAfterMs: 7_000, networkCode: '6' }), NOW, SETTINGS);
    expect(change).toMatchObject({
      report: false,
      giveBackDaySlot: true,
      delivery: { queue: { step: 0, dueAt: NOW + 7_000, attempt: 0 } },
    });
  },
);

test('a repeat that the person may see twice takes another place of the day, one that the network drops does not', () => {
  const unanswered = (dropsRepeats: boolean) =>
    decide(message(), outcome({ kind: 'unanswered', detail: 'timeout' }, { dropsRepeats }), NOW, SETTINGS)?.delivery;
  expect(unanswered(true)).toMatchObject({ queue: { keepDaySlot: true } });
  expect(unanswered(false)).toMatchObject({ queue: { keepDaySlot: false } });
});

test('a step that does not succeed in its time gives way to the next; the earlier one’s late success stops what was not sent', () => {
  const steps = [step('VK', { timeoutSeconds: 120, success: 'DELIVERED' }), step('OK')];
  const sent = walk(message({ steps }), outcome(SENT)).held;
  const switched = after(sent, decide(sent, { kind: 'step_ended' }, NOW + 120_000, SETTINGS));
  expect(switched).toMatchObject({ channel: 'OK', status: 'SENT', delivery: { step: 1, state: 'queued' } });
  const late = decide(switched, receipt('DELIVERED'), NOW + 121_000, SETTINGS);
  expect(late).toMatchObject({ status: 'DELIVERED', channel: 'VK', report: true, delivery: 'remove' });
});

test('of a step that asks for READ, a late DELIVERED is recorded and stops nothing, a late READ does', () => {
  const steps = [step('VK', { timeoutSeconds: 120, success: 'READ' }), step('OK')];
  const sent = walk(message({ steps }), outcome(SENT)).held;
  const switched = after(sent, decide(sent, { kind: 'step_ended' }, NOW + 120_000, SETTINGS));
  const delivered = decide(switched, receipt('DELIVERED'), NOW + 121_000, SETTINGS);
  expect(delivered).toMatchObject({ report: false, entry: { status: 'DELIVERED', evidence: true }, delivery: 'keep' });
  const read = decide(after(switched, delivered), receipt('READ'), NOW + 122_000, SETTINGS);
  expect(read).toMatchObject({ report: true, status: 'READ', channel: 'VK', delivery: 'remove' });
});

test('a step that asks for READ goes on waiting after DELIVERED, and then begins the next route without a step back', () => {
  const steps = [step('VK', { timeoutSeconds: 120, success: 'READ' }), step('OK')];
  const delivered = walk(message({ steps }), outcome(SENT), receipt('DELIVERED'));
  expect(delivered.held.delivery).toMatchObject({ step: 0, state: 'sent' });
  const switched = walk(delivered.held, { kind: 'step_ended' });
  expect(switched.held).toMatchObject({ status: 'DELIVERED', channel: 'OK', delivery: { step: 1 } });
  const second = walk(switched.held, outcome(SENT), receipt('DELIVERED', { step: 1 }), receipt('READ', { step: 1 }));
  expect(second.reported).toEqual([
    ['OK', 'SENT'],
    ['OK', 'DELIVERED'],
    ['OK', 'READ'],
  ]);
  const refused = walk(switched.held, outcome({ kind: 'refused', reason: 'no_such_user', networkCode: '1' }));
  expect(refused.reported).toEqual([]);
  expect(refused.held).toMatchObject({ status: 'DELIVERED', delivery: null });
});

test('what a community took does not expire, however long a step would have waited for READ', () => {
  const community = { provider: 'community' } as const;
  const waiting = [step('VK', { ...community, timeoutSeconds: 7_200, success: 'READ' }), step('OK', community)];
  const sent = walk(message({ steps: waiting }), outcome(SENT, { awaitsReceipts: false })).held;
  expect(sent.delivery).toMatchObject({ state: 'sent' });
  expect(decide(sent, { kind: 'expired' }, NOW + TTL_MS, SETTINGS)).toMatchObject({ report: false, delivery: 'remove' });
  const last = [step('VK', { ...community, timeoutSeconds: 120, success: 'READ' })];
  expect(walk(message({ steps: last }), outcome(SENT, { awaitsReceipts: false })).held.delivery).toBeNull();
});

test('a read in the dialog counts for the route that took the message, not for the next one that waits', () => {
  const steps = [step('VK', { timeoutSeconds: 120, success: 'DELIVERED' }), step('OK')];
  const sent = walk(message({ steps }), outcome(SENT)).held;
  const switched = after(sent, decide(sent, { kind: 'step_ended' }, NOW + 120_000, SETTINGS));
  expect(decide(switched, { kind: 'read', at: NOW }, NOW, SETTINGS)).toMatchObject({
    status: 'READ',
    channel: 'VK',
    delivery: 'remove',
  });
  const flying = {
    ...switched,
    delivery: { ...(switched.delivery as NonNullable<HeldMessage['delivery']>), state: 'sending' as const },
  };
  expect(decide(flying, { kind: 'read', at: NOW }, NOW, SETTINGS)).toMatchObject({
    report: false,
    entry: { channel: 'VK', evidence: true },
    delivery: 'keep',
  });
});

test('a place of the day is kept only while the person may have got the message, and so is the refusal to cancel', () => {
  const place = { daySlotAt: new Date(NOW), dayPersons: ['phone:79999999999'] };
  const held = message({ delivery: { step: 0, state: 'sending', attempt: 1, maybeSent: false, dueAt: DUE_AT, ...place } });
  const failed = decide(held, outcome({ kind: 'failed', networkCode: '10' }), NOW, SETTINGS);
  expect(failed).toMatchObject({ giveBackDaySlot: true, delivery: { queue: { keepDaySlot: false, maybeSent: false } } });
  expect(decide(after(held, failed), { kind: 'cancelled' }, NOW, SETTINGS)).toMatchObject({ status: 'CANCELLED' });

  const unanswered = decide(held, outcome({ kind: 'unanswered', detail: 'timeout' }), NOW, SETTINGS);
  expect(unanswered).toMatchObject({ giveBackDaySlot: false, delivery: { queue: { keepDaySlot: true, maybeSent: true } } });
  const waiting = after(held, unanswered);
  expect(decide(waiting, { kind: 'cancelled' }, NOW, SETTINGS)).toBeNull();
  expect(decide(waiting, { kind: 'step_ended' }, NOW, SETTINGS)).toMatchObject({ giveBackDaySlot: false });
});

test('a refused repeat of a call without an answer gives no place back and takes no refusal to cancel away: the person may have the first', () => {
  const refused = outcome({ kind: 'refused', reason: 'refused_by_user', networkCode: '901' });
  const place = { daySlotAt: new Date(NOW), dayPersons: ['phone:79999999999'] };
  for (const maybeSent of [true, false]) {
    const held = message({ delivery: { step: 0, state: 'sending', attempt: 2, maybeSent, dueAt: DUE_AT, ...place } });
    const change = decide(held, refused, NOW, SETTINGS);
    expect(change).toMatchObject({ giveBackDaySlot: !maybeSent, delivery: { queue: { step: 1, maybeSent } } });
    expect(decide(after(held, change), { kind: 'cancelled' }, NOW, SETTINGS) === null).toBe(maybeSent);
    const last = message({ steps: [step('VK')], delivery: held.delivery });
    for (const reason of ['refused_by_user', 'content'] as const) {
      const why = outcome({ kind: 'refused', reason, networkCode: '0' });
      expect(decide(last, why, NOW, SETTINGS)).toMatchObject({ status: 'UNDELIVERABLE', giveBackDaySlot: !maybeSent });
    }
  }
});

test.each([
  ['resend', { channel: 'OK', delivery: { queue: { step: 1 } } }],
  ['stop', { status: 'UNKNOWN', delivery: 'remove' }],
] as const)('what we do not repeat ourselves after a call without an answer goes by the template: %s', (onUnknown, expected) => {
  const held = message({
    steps: [step('VK', { onUnknown }), step('OK', { onUnknown })],
    delivery: { step: 0, state: 'queued', attempt: 1, maybeSent: true, dueAt: DUE_AT, daySlotAt: null, dayPersons: null },
  });
  expect(decide(held, { kind: 'unsendable', reason: 'daily_limit' }, NOW, SETTINGS)).toMatchObject(expected);
});

test('retries wait 1, 2, 4 … 60 s, give or take a fifth', () => {
  expect([1, 2, 3, 7, 20].map((attempt) => backoffMs(attempt, 0.5))).toEqual([1_000, 2_000, 4_000, 60_000, 60_000]);
  expect([backoffMs(1, 0), backoffMs(1, 1)]).toEqual([800, 1_200]);
});

test('in any order of facts statuses only go forward, each is reported at most once for a channel, and a final one is the last', () => {
  const facts = fc.array(
    fc.oneof(
      fc
        .constantFrom<SendOutcome>(
          SENT,
          { kind: 'refused', reason: 'refused_by_user', networkCode: '901' },
          { kind: 'failed', networkCode: '10' },
          { kind: 'unanswered', detail: '' },
        )
        .map((answer) => outcome(answer)),
      fc
        .record({
          status: fc.constantFrom<Exclude<Status, 'QUEUED' | 'CANCELLED'>>(
            'SENT',
            'DELIVERED',
            'READ',
            'UNDELIVERABLE',
            'EXPIRED',
            'RATELIMIT',
            'UNKNOWN',
          ),
          step: fc.integer({ min: 0, max: 1 }),
        })
        .map(({ status, step: of }) => receipt(status, { step: of })),
      fc.constantFrom<Fact>(
        { kind: 'expired' },
        { kind: 'read', at: NOW },
        { kind: 'step_ended' },
        { kind: 'cancelled' },
        { kind: 'unsendable', reason: 'no_contact' },
      ),
    ),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(facts, (sequence) => {
      const { reported } = walk(message(), ...sequence);
      const names = reported.map(([channel, status]) => `${channel} ${status}`);
      expect(new Set(names).size).toBe(names.length);
      const rank: Partial<Record<Status, number>> = { SENT: 1, DELIVERED: 2, READ: 3 };
      const ranks = reported.map(([, status]) => rank[status] ?? 4);
      expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
      expect(ranks.filter((value) => value === 4).length).toBeLessThanOrEqual(1);
    }),
    { numRuns: 2_000 },
  );
});
