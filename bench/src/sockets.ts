import { randomUUID } from 'node:crypto';
import { distributionOf } from './distribution.ts';
import { createCaller } from './http-caller.ts';
import { openLoop } from './open-loop.ts';
import type { Section } from './report.ts';
import type { Town } from './town.ts';
import { usageOf, usageSince } from './usage.ts';

const SOCKETS = 5_000;
const SOCKETS_QUICK = 500;
const EVENTS_PER_SECOND = 10;
const OPENED_TOGETHER = 100;
const DONE_WITHIN_MS = 60_000;
/** Of the demo world (server/src/demo/demo.ts): its key, and what its webhook of VK is guarded by. */
const KEY = 'demo';
const HOOK = { path: '/hooks/vk/demo', secret: 'vk-demo-secret', groupId: 213_243_638 } as const;

/** A screen: what it heard is counted by the number that stands in each text. */
interface Screen {
  cursor: number;
  heard: Set<number>;
  doubled: number;
  gaps: number;
  socket: WebSocket | null;
}

/** How soon all screens hear of what a person said, and whether any of them misses something when all are cut off. */
export async function measureSockets(
  town: Town,
  { seconds, isQuick, say }: { seconds: number; isQuick: boolean; say(line: string): void },
): Promise<Section> {
  const count = isQuick ? SOCKETS_QUICK : SOCKETS;
  await town.clear();
  const server = await town.startServer('all');
  const caller = createCaller(server.url, { connections: 4 });
  const heardAfterMs: number[] = [];
  const saidAt: number[] = [];
  const screens = Array.from(
    { length: count },
    (): Screen => ({ cursor: 0, heard: new Set(), doubled: 0, gaps: 0, socket: null }),
  );
  const onFrame = (screen: Screen, text: string): void => {
    const now = performance.now();
    const frame = JSON.parse(text) as Frame;
    if (frame.type === 'hello') {
      if (screen.cursor === 0) screen.cursor = frame.asOf;
      return;
    }
    if (frame.type !== 'event' || frame.after !== screen.cursor) screen.gaps += 1;
    screen.cursor = frame.type === 'event' ? frame.sequence : frame.asOf;
    for (const { kind, body } of frame.type === 'event' ? frame.entries : []) {
      const [, said] = /^said (\d+)$/.exec(body.text ?? '') ?? [];
      if (kind !== 'message.added' || said === undefined) continue;
      if (screen.heard.has(Number(said))) screen.doubled += 1;
      screen.heard.add(Number(said));
      heardAfterMs.push(now - (saidAt[Number(said)] ?? now));
    }
  };
  const open = async (screen: Screen): Promise<void> => {
    const { body } = await caller.post('/v1/event-tickets', '', { Authorization: `Key ${KEY}` });
    const { ticket } = JSON.parse(body) as { ticket: string };
    const after = screen.cursor === 0 ? '' : `&after=${screen.cursor}`;
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/events?ticket=${ticket}${after}`);
    screen.socket = socket;
    socket.addEventListener('message', ({ data }) => onFrame(screen, String(data)));
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve());
      socket.addEventListener('error', () => reject(new Error('a socket was not opened')));
    });
  };
  const openAll = async (): Promise<number> => {
    const startedAt = performance.now();
    for (let begin = 0; begin < count; begin += OPENED_TOGETHER) {
      await Promise.all(screens.slice(begin, begin + OPENED_TOGETHER).map(open));
    }
    return performance.now() - startedAt;
  };
  const run = randomUUID();
  const tell = async (index: number): Promise<void> => {
    saidAt[index] = performance.now();
    const { status } = await caller.post(HOOK.path, eventOf(run, index), {});
    if (status !== 200) throw new Error(`an event was answered ${status}`);
  };
  const everybodyHas = async (events: number): Promise<void> => {
    for (const until = performance.now() + DONE_WITHIN_MS; performance.now() < until; ) {
      if (screens.every(({ heard }) => heard.size >= events)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  try {
    say(`sockets: opening ${count}`);
    const openedMs = await openAll();
    const before = await usageOf(server.pid);
    say(`sockets: ${EVENTS_PER_SECOND} events a second to each of ${count}`);
    const told = EVENTS_PER_SECOND * seconds;
    await openLoop({ perSecond: EVENTS_PER_SECOND, seconds }, (index) => tell(index));
    await everybodyHas(told);
    const usage = usageSince(before, await usageOf(server.pid));
    const delay = distributionOf(heardAfterMs);
    say('sockets: cutting all of them');
    for (const { socket } of screens) socket?.close();
    await openLoop({ perSecond: EVENTS_PER_SECOND, seconds: 1 }, (index) => tell(told + index));
    const reopenedMs = await openAll();
    await everybodyHas(told + EVENTS_PER_SECOND);
    const sum = (of: (screen: Screen) => number): number => screens.reduce((total, screen) => total + of(screen), 0);
    const lost = sum(({ heard }) => told + EVENTS_PER_SECOND - heard.size);
    const doubled = sum((screen) => screen.doubled + screen.gaps);
    return {
      name: 'sockets',
      rows: [
        {
          sockets: count,
          'events/s': EVENTS_PER_SECOND,
          'frames heard': delay.count,
          'p50 ms': delay.p50,
          'p99 ms': delay.p99,
          'server CPU s': usage === null ? '-' : usage.processorMs / 1_000,
          'server MiB': usage?.memoryMiB ?? '-',
          'opened in s': openedMs / 1_000,
          'opened again in s': reopenedMs / 1_000,
          lost,
          doubled,
        },
      ],
      notes: [
        "From the moment a person's words were due at the webhook to the moment a screen has parsed them: reception, inbox, log and fan-out. All sockets are held by one process beside the server, on the same cores.",
        'Then all sockets are cut, a second of events passes, and each comes back with its cursor: what anyone missed, heard twice or out of order is counted.',
      ],
      ...(lost + doubled === 0 ? {} : { broken: [`${lost} events were lost and ${doubled} came twice or out of order`] }),
    };
  } finally {
    for (const { socket } of screens) socket?.close();
    caller.close();
    await server.stop();
  }
}

type Frame =
  | { type: 'hello' | 'reset'; asOf: number }
  | { type: 'event'; sequence: number; after: number; entries: readonly { kind: string; body: { text?: string } }[] };

// Said in group chats, where no bot answers.
function eventOf(run: string, index: number): string {
  const message = {
    ...{ id: 0, conversation_message_id: index + 1, date: 1, peer_id: 2_000_000_001 + (index % 100) },
    ...{ from_id: 1 + (index % 100), text: `said ${index}`, out: 0 },
  };
  return JSON.stringify({
    ...{ type: 'message_new', event_id: `${run}.${index}`, v: '5.199', group_id: HOOK.groupId, secret: HOOK.secret },
    object: { message, client_info: {} },
  });
}
