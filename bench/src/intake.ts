import { randomUUID } from 'node:crypto';
import { distributionOf } from './distribution.ts';
import { type Load, openLoop } from './open-loop.ts';
import type { Section } from './report.ts';
import type { Town } from './town.ts';
import { createVkHook, FIRST_CHAT } from './vk-hook.ts';

const RATES = [500, 2_000] as const;
const CONNECTIONS = 64;
const WARM_UP_SECONDS = 3;
const CHATS = 1_000;

/** How soon the webhook answers: VK events at a fixed rate, each answered with `ok` after it is committed. */
export async function measureIntake(town: Town, options: { seconds: number; say(line: string): void }): Promise<Section> {
  const rows = [];
  for (const perSecond of RATES) {
    await town.clear();
    const server = await town.startServer('all');
    try {
      options.say(`intake: ${perSecond} events a second`);
      await run(server.url, { perSecond, seconds: WARM_UP_SECONDS });
      const answers = distributionOf(await run(server.url, { perSecond, seconds: options.seconds }));
      rows.push({
        'events/s': perSecond,
        events: answers.count,
        'answer p50 ms': answers.p50,
        'answer p99 ms': answers.p99,
        'answer max ms': answers.max,
      });
    } finally {
      await server.stop();
    }
  }
  return {
    name: 'intake',
    rows,
    notes: [
      'An open loop: times count from the moment an event was due to the end of its answer. Every answer was 200 with `ok`, as VK wants it, and means a committed row.',
      'The server has every role, and works the events off meanwhile. VK waits 5 seconds for the answer.',
    ],
  };
}

/** Sends events whether or not earlier ones have been answered; how long each answer took from the moment it was due, ms. */
async function run(serverUrl: string, load: Load): Promise<number[]> {
  const hook = createVkHook(serverUrl, { connections: CONNECTIONS });
  const id = randomUUID();
  const waits: number[] = [];
  try {
    await openLoop(load, async (index, dueAt) => {
      // Said in group chats, where no bot answers: what is measured is the way in.
      const place = { peerId: FIRST_CHAT + (index % CHATS), fromId: 1 + index };
      await hook.tell({ eventId: `${id}.${index}`, number: index + 1, text: 'bench', ...place });
      waits.push(performance.now() - dueAt);
    });
    return waits;
  } finally {
    hook.close();
  }
}
