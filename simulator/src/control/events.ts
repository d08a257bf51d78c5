import type { FastifyInstance } from 'fastify';
import type { Person, World, WorldEvents } from '../world/world.ts';
import { readPerson } from './answers.ts';
import { followCalls } from './follow-calls.ts';
import { chatIdOf, nameOf, type Screen, screenOf } from './view/view.ts';

// Often enough to feel live; a load run's thousand messages a second become a few pictures of what stands now.
const LOOK_EVERY_MS = 100;
const HEARTBEAT_MS = 15_000;
const RECONNECT_AFTER_MS = 1_000;
/** What waits in a connection that reads slowly; above it, changes are gathered until it has caught up. */
const UNSENT_BYTES_MAX = 1_048_576;
/** How far a watcher's own reckoning of the time may be off before it is told. */
const CLOCK_DRIFT_MAX_MS = 500;

/** Things that change what stands on somebody's phone. */
const SCREEN_EVENTS = [
  'sent',
  'delivered',
  'expired',
  'changed',
  'said',
  'read',
  'seen',
  'reacted',
  'chatSaid',
  'chatChanged',
  'chatPressed',
  'pressed',
  'allowed',
  'blocked',
  'presence',
  'started',
] as const satisfies readonly (keyof WorldEvents)[];

type Write = (event: string, body: object) => void;

/**
 * `GET /control/events?phone=`: Server-Sent Events with what a page needs to show one person's phones, live. `snapshot` comes first,
 * and again after a reset: `{person, chats, messages, world, calls}`. Then `update` with whatever of these has changed since;
 * messages and chats come whole and replace those of the same name. `sign` is what passes: somebody types, a press is answered.
 * Who lost the connection connects again and begins with a new snapshot. 404 where nobody has the phone.
 */
export function registerEvents(app: FastifyInstance, world: World): void {
  app.get<{ Querystring: { phone?: string } }>('/control/events', async (request, reply) => {
    const person = readPerson(world, request.query.phone ?? '');
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    raw.write(`retry: ${RECONNECT_AFTER_MS}\n\n`);
    const stop = follow(world, person, {
      write: (event, body) => raw.write(`event: ${event}\ndata: ${JSON.stringify(body)}\n\n`),
      beat: () => raw.write(': still here\n\n'),
      isBehind: () => raw.writableLength > UNSENT_BYTES_MAX,
    });
    raw.once('close', stop);
  });
}

/** Tells what changes until it is stopped. Looks in real time: it is a person who watches. */
function follow(world: World, person: Person, to: { write: Write; beat(): void; isBehind(): boolean }): () => void {
  let calls = followCalls(world);
  let screen = createDifference();
  let isStale = false;
  let told = { text: '', now: 0, mono: 0, speed: 1 };

  const worldChanges = (): object | null => {
    const state = worldState(world);
    const { now, ...rest } = state;
    const text = JSON.stringify(rest);
    const reckoned = told.now + (performance.now() - told.mono) * told.speed;
    if (text === told.text && Math.abs(reckoned - now) < CLOCK_DRIFT_MAX_MS) return null;
    told = { text, now, mono: performance.now(), speed: state.speed };
    return state;
  };
  const snapshot = (): void => {
    calls = followCalls(world);
    screen = createDifference();
    isStale = false;
    const { chats, messages } = screen.changes(screenOf(world, person));
    told = { ...told, text: '' };
    to.write('snapshot', { person: personState(world, person), chats, messages, world: worldChanges(), calls: calls.changes() });
  };
  const look = (): void => {
    if (to.isBehind()) return;
    const changes: Record<string, unknown> = {};
    if (isStale) {
      isStale = false;
      Object.assign(changes, screen.changes(screenOf(world, person)), { person: personState(world, person) });
    }
    const [state, newCalls] = [worldChanges(), calls.changes()];
    if (state !== null) changes['world'] = state;
    if (newCalls.length > 0) changes['calls'] = newCalls;
    if (Object.keys(changes).length > 0) to.write('update', changes);
  };

  const ends = [
    ...SCREEN_EVENTS.map((name) =>
      world.on(name, () => {
        isStale = true;
      }),
    ),
    world.on('shown', ({ place, person: only, sign, time }) => {
      const isHere = 'members' in place ? place.members.has(person) : place.person === person;
      if (isHere && (only === null || only === person)) to.write('sign', { chat: chatIdOf(place), time, ...sign });
    }),
    world.on('reset', () => setImmediate(snapshot)), // after everybody else has heard of it
  ];
  const looking = setInterval(look, LOOK_EVERY_MS);
  const beating = setInterval(() => to.beat(), HEARTBEAT_MS);
  snapshot();
  return () => {
    clearInterval(looking);
    clearInterval(beating);
    for (const end of ends) end();
  };
}

/** What of a screen is not as it was the last time. */
function createDifference(): { changes(screen: Screen): Screen & { chatIds: string[] } } {
  let known = new Map<string, string>();
  return {
    changes({ chats, messages }) {
      const before = known;
      known = new Map();
      const isNew = (name: string, view: object): boolean => {
        const text = JSON.stringify(view);
        known.set(name, text);
        return before.get(name) !== text;
      };
      return {
        chatIds: chats.map(({ id }) => id),
        chats: chats.filter((chat) => isNew(chat.id, chat)),
        messages: messages.filter((message) => isNew(`${message.chat} ${message.number}`, message)),
      };
    },
  };
}

function personState(world: World, person: Person): object {
  const { phone, vkId, okId } = person;
  return { phone, name: nameOf(person), vkId, okId, isOnline: world.presence.isOnline(person) };
}

/** What the switches of a page show. */
function worldState(world: World) {
  const { clock, faults, limits } = world;
  return {
    now: clock.now(),
    speed: clock.speed(),
    faults: { vk: faults.settings('vk'), ok: faults.settings('ok'), notify: faults.settings('notify') },
    limits: limits.settings(),
    violations: limits.violations().length,
  };
}
