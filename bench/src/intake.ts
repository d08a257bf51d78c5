import { randomUUID } from 'node:crypto';

/** Where VK's events go, and what vouches for them. */
export interface IntakeTarget {
  serverUrl: string;
  intakeToken: string;
  webhookSecret: string;
  groupId: number;
}

export interface IntakeResult {
  requests: number;
  /** Answered with 200 and exactly `ok`, as VK wants it. */
  taken: number;
  /** From the moment a request was due to the end of its answer. */
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}

/**
 * How soon the webhook answers: sends VK events at a fixed rate, whether or not earlier ones have been answered, and counts
 * the time from the moment each was due. Every answer means a committed row.
 */
export async function measureIntake(target: IntakeTarget, load: { perSecond: number; seconds: number }): Promise<IntakeResult> {
  await sendEvents(target, { ...load, seconds: WARM_UP_SECONDS });
  const { waits, taken } = await sendEvents(target, load);
  waits.sort((a, b) => a - b);
  const at = (share: number) => waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? Number.NaN;
  return { requests: waits.length, taken, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

// Connections are opened and code is compiled in it.
const WARM_UP_SECONDS = 2;

async function sendEvents(
  target: IntakeTarget,
  load: { perSecond: number; seconds: number },
): Promise<{ waits: number[]; taken: number }> {
  const run = randomUUID();
  const total = load.perSecond * load.seconds;
  const startedAt = performance.now();
  const waits: number[] = [];
  let taken = 0;
  const send = async (index: number): Promise<void> => {
    const dueAt = startedAt + (index * 1_000) / load.perSecond;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueAt - performance.now())));
    const isTaken = await post(target, eventOf(target, run, index));
    waits.push(performance.now() - dueAt);
    if (isTaken) taken += 1;
  };
  await Promise.all(Array.from({ length: total }, (_, index) => send(index)));
  return { waits, taken };
}

async function post({ serverUrl, intakeToken }: IntakeTarget, body: string): Promise<boolean> {
  try {
    const response = await fetch(`${serverUrl}/hooks/vk/${intakeToken}`, { method: 'POST', body });
    return (await response.text()) === 'ok' && response.status === 200;
  } catch {
    return false;
  }
}

// Said in group chats, where no bot answers: what is measured is the way in.
function eventOf({ groupId, webhookSecret }: IntakeTarget, run: string, index: number): string {
  const peerId = 2_000_000_001 + (index % 1_000);
  const message = {
    id: 0,
    conversation_message_id: index + 1,
    date: 1,
    peer_id: peerId,
    from_id: 1 + index,
    text: 'bench',
    out: 0,
  };
  return JSON.stringify({
    ...{ type: 'message_new', event_id: `${run}.${index}`, v: '5.199', group_id: groupId, secret: webhookSecret },
    object: { message, client_info: {} },
  });
}
