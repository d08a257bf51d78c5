import type { Route, Timeline, TimelineEntry } from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CallbackDetails, Callbacks } from '../callbacks/callbacks.ts';
import type { CourseNote, Dispatch, MessageCourse } from '../dispatch/dispatch.ts';
import { AppError } from '../platform/errors.ts';
import { callerOf } from './auth.ts';
import { readId } from './query.ts';

export interface TimelineRoutesParts {
  dispatch: Pick<Dispatch, 'course'>;
  callbacks: Pick<Callbacks, 'ofOrderKey' | 'get'>;
}

// The last status is READ, reported up to a day after the ttl; the third day is for clocks and transactions.
const REPORTED_WITHIN_MS = 3 * 86_400_000;

/** Handler of /v1/messages/{messageId}/timeline by the id of its operation. */
export function createTimelineRoutes({ dispatch, callbacks }: TimelineRoutesParts) {
  const callbacksOf = async (accountId: number, messageId: number, { createdAt }: MessageCourse): Promise<CallbackDetails[]> => {
    const created = { from: createdAt, to: new Date(createdAt.getTime() + REPORTED_WITHIN_MS) };
    const items = await callbacks.ofOrderKey(accountId, `message:${messageId}`, created);
    const details = await Promise.all(items.map(({ id }) => callbacks.get(accountId, id)));
    return details.filter((item) => item !== null);
  };

  return {
    async getTimeline(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { accountId } = callerOf(request);
      const messageId = readId('messageId', (request.params as { messageId: string }).messageId);
      const course = messageId === null ? null : await dispatch.course(accountId, messageId);
      if (messageId === null || course === null) throw new AppError('not.found', 'this account has no such message');
      const reported = await callbacksOf(accountId, messageId, course);
      const items = [...happened(course), ...reported.flatMap(calledBack), ...toCome(course)];
      const timeline: Timeline = { messageId, items: items.sort((a, b) => a.learntAt - b.learntAt).map(({ entry }) => entry) };
      return reply.send(timeline);
    },
  };
}

type DecisionReason = Extract<TimelineEntry, { kind: 'decision' }>['reason'];

/** An entry, and the moment to sort it by, in ms since 1970. */
interface Placed {
  entry: TimelineEntry;
  learntAt: number;
}
const placed = (at: Date, entry: TimelineEntry): Placed => ({ entry, learntAt: at.getTime() });

function happened({ createdAt, steps, windows, history, notes, taken }: MessageCourse): Placed[] {
  const routes = steps.map(({ timeoutSeconds = null, success = null, ...step }) => ({
    ...step,
    timeout: timeoutSeconds,
    success,
  }));
  const hours = windows?.map(({ weekdays, ...window }) => ({ ...window, weekdays: [...weekdays] })) ?? null;
  return [
    placed(createdAt, { at: createdAt.toISOString(), kind: 'accepted', routes, windows: hours }),
    ...taken.map(({ at, channel, networkId }) => placed(at, { at: at.toISOString(), kind: 'taken', channel, networkId })),
    ...history.flatMap(sent),
    ...notes.map((note) => noted(note, (step) => steps[step]?.channel ?? steps[0]?.channel ?? 'VK')),
    ...statuses(history),
  ];
}

/** The attempt that a SENT answers. */
function sent({ channel, ts, attempt, launchedAt }: MessageCourse['history'][number]): Placed[] {
  if (attempt === undefined || launchedAt === undefined) return [];
  const [at, answeredAt] = [launchedAt, ts].map((time) => new Date(time).toISOString()) as [string, string];
  const answered = { answeredAt, outcome: 'sent', networkCode: null, answer: null } as const;
  return [
    placed(new Date(launchedAt), { at, kind: 'attempt', channel, attempt, ...answered, follows: 'goes_on', notBefore: null }),
  ];
}

function noted(note: CourseNote, channelOf: (step: number) => Route): Placed {
  if (note.what === 'left_out') {
    const { at, count } = note;
    return placed(new Date(at), { at: new Date(at).toISOString(), kind: 'left_out', count });
  }
  const common = {
    channel: channelOf(note.step),
    follows: note.follows,
    notBefore: note.until === undefined ? null : new Date(note.until).toISOString(),
  };
  const at = new Date(note.at).toISOString();
  if (note.what !== 'attempt')
    return placed(new Date(note.at), { at, kind: 'decision', what: note.what, reason: reasonOf(note), ...common });
  const { attempt, launchedAt, outcome, code = null, answer = null } = note;
  const launched = new Date(launchedAt);
  const call = { attempt, answeredAt: at, outcome, networkCode: code, answer };
  return placed(launched, { at: launched.toISOString(), kind: 'attempt', ...call, ...common });
}

function reasonOf(note: Exclude<CourseNote, { what: 'attempt' | 'left_out' }>): DecisionReason {
  if (note.what !== 'taken_over') return note.reason;
  if (note.follows === 'end') return 'unknown_outcome';
  return note.sameKey ? 'repeated_under_same_key' : 'repeated';
}

// Their order is that in which they came. A provider's times are by its own clock, which may say that it delivered before it took.
function statuses(history: MessageCourse['history']): Placed[] {
  let learntAt = 0;
  return history.map(({ ts, channel, status, errorCode, evidence = false }) => {
    learntAt = Math.max(learntAt, ts);
    return { entry: { at: new Date(ts).toISOString(), kind: 'status', channel, status, errorCode, late: evidence }, learntAt };
  });
}

function calledBack({ id, url, state, tries, problem, createdAt, settledAt, calls }: CallbackDetails): Placed[] {
  return [
    placed(createdAt, {
      at: createdAt.toISOString(),
      ...{ kind: 'callback', callbackId: id, url: withoutSecrets(url), state, tries, problem },
      settledAt: settledAt?.toISOString() ?? null,
    }),
    ...calls.map(({ startedAt, attempt, outcome, answer, durationMs }) =>
      placed(startedAt, {
        at: startedAt.toISOString(),
        ...{ kind: 'call', callbackId: id, attempt, outcome, answerStatus: answer?.status ?? null, durationMs },
      }),
    ),
  ];
}

const WAITS_FOR = { queued: 'send', sending: 'answer', sent: 'status' } as const;

function toCome({ next, expiresAt }: MessageCourse): Placed[] {
  if (next === null) return [];
  const { channel, attempts, isPaused, state, dueAt, stepEndsAt } = next;
  const entry = (at: Date, what: Extract<TimelineEntry, { kind: 'next' }>['what']): Placed =>
    placed(at, { at: at.toISOString(), kind: 'next', channel, what, attempts, paused: isPaused });
  return [
    entry(dueAt, WAITS_FOR[state]),
    ...(stepEndsAt === null ? [] : [entry(stepEndsAt, 'next_route')]),
    entry(expiresAt, 'expiry'),
  ];
}

// Customers put keys into the query and the user part; who reads timelines need not know them.
function withoutSecrets(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? '' : `${parsed.origin}${parsed.pathname}${parsed.search === '' ? '' : '?…'}`;
}
