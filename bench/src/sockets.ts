import { randomUUID } from 'node:crypto';
import { distributionOf } from './distribution.ts';
import { KEY } from './load-world.ts';
import { openLoop } from './open-loop.ts';
import type { Section } from './report.ts';
import { createScreens } from './screens.ts';
import type { Town } from './town.ts';
import { usageOf, usageSince } from './usage.ts';
import { createVkHook, FIRST_CHAT } from './vk-hook.ts';

const SOCKETS = 5_000;
const SOCKETS_QUICK = 500;
const EVENTS_PER_SECOND = 10;
const CHATS = 100;

/** How soon all screens hear of what a person said, and whether any of them misses something when all are cut off. */
export async function measureSockets(
  town: Town,
  { seconds, isQuick, say }: { seconds: number; isQuick: boolean; say(line: string): void },
): Promise<Section> {
  const count = isQuick ? SOCKETS_QUICK : SOCKETS;
  await town.clear();
  const server = await town.startServer('all');
  const hook = createVkHook(server.url, { connections: 4 });
  const heardAfterMs: number[] = [];
  const saidAt: number[] = [];
  const screens = createScreens(server.url, Array<string>(count).fill(`Key ${KEY}`), (said, at) => {
    heardAfterMs.push(at - (saidAt[said] ?? at));
  });
  const run = randomUUID();
  const tell = async (index: number, dueAt: number): Promise<void> => {
    saidAt[index] = dueAt;
    // Said in group chats, where no bot answers.
    const place = { peerId: FIRST_CHAT + (index % CHATS), fromId: 1 + (index % CHATS) };
    await hook.tell({ eventId: `${run}.${index}`, number: index + 1, text: `said ${index}`, ...place });
  };

  try {
    say(`sockets: opening ${count}`);
    const openedMs = await screens.open();
    const before = await usageOf(server.pid);
    say(`sockets: ${EVENTS_PER_SECOND} events a second to each of ${count}`);
    const told = EVENTS_PER_SECOND * seconds;
    await openLoop({ perSecond: EVENTS_PER_SECOND, seconds }, tell);
    await screens.untilHeard(told);
    const usage = usageSince(before, await usageOf(server.pid));
    const delay = distributionOf(heardAfterMs);
    say('sockets: cutting all of them');
    screens.cut();
    await openLoop({ perSecond: EVENTS_PER_SECOND, seconds: 1 }, (index, dueAt) => tell(told + index, dueAt));
    const reopenedMs = await screens.open();
    await screens.untilHeard(told + EVENTS_PER_SECOND);
    const { lost, doubled } = screens.faults(told + EVENTS_PER_SECOND);
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
    screens.close();
    hook.close();
    await server.stop();
  }
}
