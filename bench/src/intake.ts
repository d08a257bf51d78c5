import { randomUUID } from 'node:crypto';
import { distributionOf } from './distribution.ts';
import { createCaller } from './http-caller.ts';
import { type Load, openLoop } from './open-loop.ts';
import type { Section } from './report.ts';
import type { Town } from './town.ts';

/** Where VK's events go, and what vouches for them. */
interface IntakeTarget {
  serverUrl: string;
  intakeToken: string;
  webhookSecret: string;
  groupId: number;
}

const RATES = [500, 2_000] as const;
const CONNECTIONS = 64;
const WARM_UP_SECONDS = 3;
/** Of the demo world (server/src/demo/demo.ts): what its webhook of VK is guarded by. */
const DEMO_HOOK = { intakeToken: 'demo', webhookSecret: 'vk-demo-secret', groupId: 213_243_638 } as const;

/** How soon the webhook answers: VK events at a fixed rate, each answered with `ok` after it is committed. */
export async function measureIntake(town: Town, options: { seconds: number; say(line: string): void }): Promise<Section> {
  const rows = [];
  for (const perSecond of RATES) {
    await town.clear();
    const server = await town.startServer('all');
    const target = { ...DEMO_HOOK, serverUrl: server.url };
    try {
      options.say(`intake: ${perSecond} events a second`);
      await run(target, { perSecond, seconds: WARM_UP_SECONDS });
      const answers = distributionOf(await run(target, { perSecond, seconds: options.seconds }));
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
async function run(target: IntakeTarget, load: Load): Promise<number[]> {
  const caller = createCaller(target.serverUrl, { connections: CONNECTIONS });
  const id = randomUUID();
  const waits: number[] = [];
  try {
    await openLoop(load, async (index, dueAt) => {
      const { status, body } = await caller.post(`/hooks/vk/${target.intakeToken}`, eventOf(target, id, index), {});
      if (status !== 200 || body !== 'ok') throw new Error(`an event was answered ${status}: ${body.slice(0, 300)}`);
      waits.push(performance.now() - dueAt);
    });
    return waits;
  } finally {
    caller.close();
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
