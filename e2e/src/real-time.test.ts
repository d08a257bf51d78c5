import { isDeepStrictEqual } from 'node:util';
import type { Dialog, DialogMessage, EventEntry, EventFrame } from '@soroka/api';
import { createDialogStore, createEventClient, createHttpTransport, type DialogStore } from '@soroka/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ANNA, BORIS, eventually, startTown, type Town } from './town.ts';

const SCREENS = 12;
const ROUNDS = 4;
const SPEAKERS = [
  [ANNA, 'vk'],
  [BORIS, 'ok'],
] as const;
const HEADERS = { Authorization: 'Key demo' };

let town: Town;
beforeAll(async () => {
  town = await startTown();
});
afterAll(async () => {
  await town?.[Symbol.asyncDispose]();
});

async function get<Answer>(path: string, base = town.server.url): Promise<Answer> {
  const response = await fetch(`${base}${path}`, { headers: HEADERS });
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
}

interface Snapshot<Item> {
  items: readonly Item[];
  asOf: number;
}

/** A screen as an app has it: the engine over real sockets, and what it holds. */
function openScreen(bases: () => readonly string[], index: number) {
  const seen: EventEntry[] = [];
  const sockets = new Set<WebSocket>();
  const store = createDialogStore({ onStale: (dialogId) => void loadLines(dialogId) });
  const base = (): string => bases()[index % bases().length] as string;
  const redirected = (url: string): string => url.replace(/^(http|ws):\/\/screen/, base().replace(/^http/, '$1'));
  const loadLines = async (dialogId: number): Promise<void> => {
    const { items, asOf } = await get<Snapshot<DialogMessage>>(`/v1/dialogs/${dialogId}/messages`, base());
    store.loadLines(dialogId, items, asOf);
  };
  const state = { cursor: 0, isBroken: false, cuts: 0 };
  const client = createEventClient({
    transport: createHttpTransport({
      ...{ baseUrl: 'http://screen', headers: () => HEADERS },
      fetch: (url, init) => fetch(redirected(String(url)), init),
      newSocket(url) {
        const socket = new WebSocket(redirected(url));
        sockets.add(socket);
        return socket;
      },
    }),
    clock: {
      now: () => Date.now(),
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          const timer = setTimeout(resolve, ms);
          if (signal?.aborted === true) resolve();
          signal?.addEventListener('abort', () => {
            clearTimeout(timer);
            resolve();
          });
        }),
    },
    random: Math.random,
    cursor: 0,
    onEntries(entries, sequence) {
      if (sequence <= state.cursor) state.isBroken = true;
      state.cursor = sequence;
      seen.push(...entries);
      store.apply(entries, sequence);
    },
    onReset: async () => {
      state.isBroken = true; // nothing here is old enough
    },
  });
  const running = client.run();
  return Object.assign(state, {
    seen,
    store,
    cut() {
      for (const socket of sockets) socket.close();
      sockets.clear();
      state.cuts += 1;
    },
    async close() {
      client.stop();
      await running;
    },
  });
}

async function wholeLog(): Promise<{ entries: EventEntry[]; cursor: number }> {
  const entries: EventEntry[] = [];
  for (let cursor = 0; ; ) {
    const { frames } = await get<{ frames: EventFrame[] }>(`/v1/events?after=${cursor}`);
    const [frame] = frames;
    if (frame === undefined || frame.sequence === cursor) return { entries, cursor };
    expect(frame.after).toBe(cursor);
    entries.push(...frame.entries);
    cursor = frame.sequence;
  }
}

const linesOf = (store: DialogStore, dialogId: number): unknown[] =>
  store.lines(dialogId).map((line) => (line.state === 'there' ? line.message : line));

test('screens that are cut off again and again, while a server is killed, lose nothing and double nothing', async () => {
  const second = await town.startServer();
  let bases: readonly string[] = [town.server.url, second.url];
  const screens = Array.from({ length: SCREENS }, (_, index) => openScreen(() => bases, index));
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [phone, network] of SPEAKERS) {
        await town.control(`/people/${phone}/say`, { network, text: `привет ${round}` });
        await town.send(phone);
        for (const screen of screens) screen.cut();
      }
      if (round !== 1) continue;
      await second.end('SIGKILL');
      town.servers.pop();
      bases = [town.server.url];
    }
    // What is on its way arrives: until nothing new has come for a while, and everybody has it.
    const { entries } = await eventually(async () => {
      const log = await wholeLog();
      const { items } = await get<Snapshot<Dialog>>('/v1/dialogs');
      const said = log.entries.filter(({ kind, body }) => kind === 'message.added' && (body as DialogMessage).direction === 'in');
      const isSettled =
        said.length === ROUNDS * SPEAKERS.length &&
        log.entries.some(({ kind }) => kind === 'messages.status') &&
        items.length >= SPEAKERS.length;
      return isSettled && screens.every((screen) => screen.cursor === log.cursor) ? log : undefined;
    });
    for (const screen of screens) {
      expect(screen.isBroken).toBe(false);
      expect(screen.cuts).toBe(ROUNDS * SPEAKERS.length);
      expect(screen.seen.slice(0, entries.length)).toEqual(entries);
    }
    // A screen that loaded nothing and only listened shows what the lists show.
    const [screen] = screens;
    if (screen === undefined) throw new Error('there is no screen');
    // A list may know more than the event it is as of, and a screen more than the list: once nothing is on its way, both say the same.
    const items = await eventually(async () => {
      const list = (await get<Snapshot<Dialog>>('/v1/dialogs')).items;
      const shown = screen.store.dialogs().map(({ id }) => id);
      return JSON.stringify(shown) === JSON.stringify(list.map(({ id }) => id)) && list;
    });
    for (const { id } of items) {
      const history = async () => (await get<Snapshot<DialogMessage>>(`/v1/dialogs/${id}/messages`)).items.toReversed();
      await expect.poll(async () => isDeepStrictEqual(linesOf(screen.store, id), await history())).toBe(true);
    }
  } finally {
    for (const screen of screens) await screen.close();
  }
});
