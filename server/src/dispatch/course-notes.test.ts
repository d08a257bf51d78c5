import type { SendOutcome } from '@soroka/channels';
import { describe, expect, test } from 'vitest';
import type { CourseNote } from './contract.ts';
import { withNote } from './course-notes.ts';
import { decide } from './decide.ts';
import type { Fact, HeldMessage } from './facts.ts';
import type { StepPlan } from './plan.ts';

const NOW = Date.UTC(2026, 0, 15, 9);
const DUE_AT = new Date(NOW - 600_000);
const SETTINGS = { pollAfterMs: 60_000, random: () => 0.5 };
const step = (route: 'VK' | 'OK', more: Partial<StepPlan> = {}): StepPlan => ({
  ...{ route, provider: 'notify', connectionId: 1, laneId: 1, groupId: '1', onUnknown: 'resend' },
  ...more,
});
const message = (more: Partial<HeldMessage> = {}): HeldMessage => ({
  ...{ id: 1, accountId: 1, status: 'QUEUED', channel: 'VK', createdAt: NOW, expiresAt: NOW + 3_600_000 },
  ...{ steps: [step('VK'), step('OK')], history: [], notes: null },
  delivery: { step: 0, state: 'sending', attempt: 2, dueAt: DUE_AT, daySlotAt: null, dayPersons: null, maybeSent: false },
  ...more,
});
const answered = (outcome: SendOutcome, launchedAt: number | null = NOW - 12): Fact => ({
  ...{ kind: 'outcome', outcome, launchedAt, dropsRepeats: true, awaitsReceipts: true },
});
const noteOf = (fact: Fact, held = message()): CourseNote | undefined => decide(held, fact, NOW, SETTINGS)?.note;

describe('the timeline is told', () => {
  test('of an attempt that was taken by its SENT alone', () => {
    const change = decide(message(), answered({ kind: 'sent', networkId: 'n' }), NOW, SETTINGS);
    expect(change?.entry).toMatchObject({ status: 'SENT', attempt: 2, launchedAt: NOW - 12 });
    expect(change?.note).toBeUndefined();
  });

  test('of an attempt that failed: its number, its times, what the network said, and when it is tried again', () => {
    expect(noteOf(answered({ kind: 'failed', networkCode: '10', answer: 'Internal server error' }))).toEqual({
      ...{ what: 'attempt', at: NOW, step: 0, attempt: 2, launchedAt: NOW - 12, outcome: 'failed', code: '10' },
      ...{ answer: 'Internal server error', follows: 'again', until: NOW + 2_000 },
    });
  });

  test('of an attempt that was refused: that the next route is used, or that none is left', () => {
    const refused: SendOutcome = { kind: 'refused', reason: 'refused_by_user', networkCode: '901' };
    expect(noteOf(answered(refused))).toMatchObject({ outcome: 'refused', code: '901', follows: 'next_route' });
    expect(noteOf(answered(refused), message({ steps: [step('VK')] }))).toMatchObject({ follows: 'end' });
  });

  test('why a claim ended without a call', () => {
    expect(noteOf({ kind: 'unsendable', reason: 'no_contact' })).toMatchObject({
      ...{ what: 'skipped', reason: 'no_contact', follows: 'next_route' },
    });
    const tooLong: SendOutcome = { kind: 'refused', reason: 'content', networkCode: 'text.too.long' };
    expect(noteOf(answered(tooLong, null))).toMatchObject({ what: 'skipped', reason: 'content', follows: 'end' });
  });

  test('that a claim put it off, why, and until when', () => {
    const queued = message({
      delivery: { step: 0, state: 'queued', attempt: 0, dueAt: DUE_AT, daySlotAt: null, dayPersons: null, maybeSent: false },
    });
    const postponed: Fact = { kind: 'postponed', reason: 'daily_limit', until: NOW + 60_000 };
    expect(noteOf(postponed, queued)).toEqual({
      ...{ what: 'held', at: NOW, step: 0, reason: 'daily_limit', follows: 'again', until: NOW + 60_000 },
    });
  });

  test('that a process was gone before it wrote an answer, and whether the repeat may be a second message', () => {
    expect(noteOf({ kind: 'orphaned', dropsRepeats: true })).toMatchObject({
      ...{ what: 'taken_over', attempt: 2, sameKey: true, follows: 'again', until: NOW },
    });
    const stops = message({ steps: [step('VK', { onUnknown: 'stop' })] });
    expect(noteOf({ kind: 'orphaned', dropsRepeats: false }, stops)).toMatchObject({ sameKey: false, follows: 'end' });
  });

  test('that a step gave way to the next one, and why', () => {
    const waiting = message({
      steps: [step('VK', { timeoutSeconds: 60 }), step('OK')],
      delivery: { step: 0, state: 'queued', attempt: 0, dueAt: DUE_AT, daySlotAt: null, dayPersons: null, maybeSent: false },
    });
    expect(noteOf({ kind: 'step_ended' }, waiting)).toMatchObject({
      what: 'step_ended',
      reason: 'time_out',
      follows: 'next_route',
    });
    const sent = message({
      status: 'SENT',
      history: [{ status: 'SENT', channel: 'VK', ts: NOW, errorCode: 0 }],
      delivery: { step: 0, state: 'sent', attempt: 1, dueAt: DUE_AT, daySlotAt: null, dayPersons: null, maybeSent: false },
    });
    const undeliverable: Fact = { kind: 'receipt', step: 0, status: 'UNDELIVERABLE', at: NOW };
    expect(noteOf(undeliverable, sent)).toMatchObject({ what: 'step_ended', reason: 'refused', follows: 'next_route' });
  });

  test('that a late receipt of an earlier route stopped what had not been sent yet', () => {
    const switched = message({
      ...{ status: 'SENT', channel: 'OK', history: [{ status: 'SENT', channel: 'VK', ts: NOW, errorCode: 0 }] },
      delivery: { step: 1, state: 'queued', attempt: 0, dueAt: DUE_AT, daySlotAt: null, dayPersons: null, maybeSent: false },
    });
    expect(noteOf({ kind: 'receipt', step: 0, status: 'DELIVERED', at: NOW }, switched)).toMatchObject({
      ...{ what: 'step_ended', step: 1, reason: 'earlier_route', follows: 'end' },
    });
  });

  test('nothing of a lane that lost its turn between claim and call', () => {
    expect(noteOf(answered({ kind: 'throttled', scope: 'lane', retryAfterMs: 0, networkCode: '' }, null))).toBeUndefined();
  });
});

test('of very many attempts the first five and the last fifteen are kept, with how many are left out', () => {
  let notes: readonly CourseNote[] | null = null;
  for (let attempt = 1; attempt <= 200; attempt += 1)
    notes = withNote(notes, { what: 'taken_over', at: attempt, step: 0, attempt, sameKey: true, follows: 'again' });
  const told = (notes ?? []).map((note) => (note.what === 'left_out' ? `${note.count} left out` : note.at));
  expect(told).toEqual([1, 2, 3, 4, 5, '180 left out', ...Array.from({ length: 15 }, (_, index) => 186 + index)]);
  expect(notes?.[5]?.at).toBe(6);
});
