import { counter, gauge, histogram, type Logger } from '../platform/telemetry.ts';

const accepted = counter('messages_accepted_total', 'Messages stored for sending.', ['kind']);
const rejected = counter('messages_rejected_total', 'Messages refused at acceptance, by reason.', ['reason']);
const commits = histogram(
  'accept_batch_requests',
  'Requests that were stored together.',
  [],
  [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
);
const statuses = counter('message_statuses_total', 'Statuses that messages reached.', ['channel', 'status']);
const waited = histogram(
  'message_sent_seconds',
  'From acceptance to the network’s taking.',
  ['channel'],
  [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 300, 3600, 86400],
);
const outcomes = counter('send_outcomes_total', 'Answers of networks and providers to sends.', ['channel', 'outcome', 'code']);
const orphans = counter(
  'orphaned_sends_total',
  'Calls that a process died in, taken over without their answer; "double" says whether the network may deliver the repeat as well.',
  ['double'],
);
const slowed = counter(
  'lane_slowdowns_total',
  'Answers that made a lane slower: "rate" halves it, "quota" pauses it for minutes, "asked" for as long as the network said.',
  ['why'],
);
const breakers = gauge(
  'upstream_breaker_open',
  '1 while most calls of a connection fail and this process sends nothing there but one message now and then, else 0.',
  ['connection'],
);
const unfit = counter(
  'template_refusals_total',
  'Messages whose text the network refuses whoever gets it: their template is to be changed.',
  ['channel', 'code'],
);
const lanesOwned = counter('lane_changes_total', 'Lanes taken, given back and lost by this process.', ['change']);

let log: Logger | undefined;
/** Where dispatch's events are logged; set once at start. */
export function logDispatchTo(logger: Logger): void {
  log = logger;
}

export function messagesAccepted(event: { kind: 'notification' | 'reply'; count: number }): void {
  accepted.inc({ kind: event.kind }, event.count);
}

export function messageRejected(event: { reason: string }): void {
  rejected.inc({ reason: event.reason });
}

export function requestsCommitted(event: { count: number }): void {
  commits.observe({}, event.count);
}

export function statusReported(event: {
  messageId: number;
  channel: string;
  status: string;
  errorCode: number;
  waitedMs: number;
}): void {
  statuses.inc({ channel: event.channel, status: event.status });
  if (event.status === 'SENT') waited.observe({ channel: event.channel }, event.waitedMs / 1_000);
  log?.debug({ event: 'status_reported', ...event });
}

export function sendAnswered(event: {
  connectionId: number;
  channel: string;
  outcome: string;
  code: string;
  /** Of a message that we refused before any call: the place and the rule. */
  unfit?: string;
}): void {
  outcomes.inc({ channel: event.channel, outcome: event.outcome, code: event.code });
  if (event.unfit !== undefined)
    log?.warn({ event: 'message_unfit', ...event }, 'a message breaks a limit of its network and was not sent');
  if (event.outcome === 'stopped')
    log?.error({ event: 'connection_stopped', ...event }, 'the network refuses our token: messages wait, their ttl runs');
}

export interface LaneSlowed {
  why: 'rate' | 'quota' | 'asked';
}
export function laneSlowed({ why }: LaneSlowed): void {
  slowed.inc({ why });
}

export function breakerChanged(event: { connectionId: number; state: 'open' | 'closed' }): void {
  breakers.set({ connection: String(event.connectionId) }, event.state === 'open' ? 1 : 0);
  log?.warn({ event: 'upstream_breaker', ...event });
}

export function templateRefused(event: { accountId: number; templateId: number; channel: string; code: string }): void {
  unfit.inc({ channel: event.channel, code: event.code });
  log?.warn({ event: 'template_refused', ...event }, 'the network refuses what this template says: change it');
}

export function sendsTakenOver(event: { laneId: number; possibleDoubles: number; dropped: number }): void {
  orphans.inc({ double: 'possible' }, event.possibleDoubles);
  orphans.inc({ double: 'impossible' }, event.dropped);
  log?.warn({ event: 'sends_taken_over', ...event });
}

export function laneChanged(event: { laneId: number; epoch: number; change: 'taken' | 'given_back' | 'lost' }): void {
  lanesOwned.inc({ change: event.change });
  log?.info({ event: 'lane_changed', ...event });
}

export function loopFailed(event: { loop: string; error: unknown }): void {
  log?.error({
    event: 'loop_failed',
    loop: event.loop,
    error: event.error instanceof Error ? event.error.message : String(event.error),
  });
}
