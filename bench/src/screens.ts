import { createCaller } from './http-caller.ts';

const OPENED_TOGETHER = 100;
const TICKET_CONNECTIONS = 4;
const HEARD_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 50;

/** Screens on one server, each over a WebSocket of its own. They listen for lines of the text `said <number>`. */
export interface Screens {
  /** Opens all, 100 together, each with a ticket of its own and from its cursor on. How long that took, ms. */
  open(): Promise<number>;
  cut(): void;
  /** Waits until each has heard that many lines, a minute at most. */
  untilHeard(lines: number): Promise<void>;
  /** Of that many lines, by all screens together: what they missed, and what came twice or out of order. */
  faults(lines: number): { lost: number; doubled: number };
  /** For good. */
  close(): void;
}

/** What a screen heard, by the number that stands in the text. */
interface Screen {
  authorization: string;
  cursor: number;
  heard: Set<number>;
  doubled: number;
  gaps: number;
  socket: WebSocket | null;
}

type Frame =
  | { type: 'hello' | 'reset'; asOf: number }
  | { type: 'event'; sequence: number; after: number; entries: readonly { kind: string; body: { text?: string } }[] };

/**
 * One for each header `Authorization`; the same may stand there many times. `onHeard` is told of each line on each screen, with
 * the time when it was parsed, by `performance.now()`.
 */
export function createScreens(
  serverUrl: string,
  authorizations: readonly string[],
  onHeard: (said: number, at: number) => void,
): Screens {
  const caller = createCaller(serverUrl, { connections: TICKET_CONNECTIONS });
  const screens = authorizations.map(
    (authorization): Screen => ({ authorization, cursor: 0, heard: new Set(), doubled: 0, gaps: 0, socket: null }),
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
    for (const entry of frame.type === 'event' ? frame.entries : []) {
      const said = saidIn(entry);
      if (said === null) continue;
      if (screen.heard.has(said)) screen.doubled += 1;
      screen.heard.add(said);
      onHeard(said, now);
    }
  };
  const open = async (screen: Screen): Promise<void> => {
    const { status, body } = await caller.post('/v1/event-tickets', '', { Authorization: screen.authorization });
    if (status !== 200) throw new Error(`a ticket was answered ${status}: ${body.slice(0, 300)}`);
    const { ticket } = JSON.parse(body) as { ticket: string };
    const after = screen.cursor === 0 ? '' : `&after=${screen.cursor}`;
    const socket = new WebSocket(`${serverUrl.replace('http', 'ws')}/v1/events?ticket=${ticket}${after}`);
    screen.socket = socket;
    socket.addEventListener('message', ({ data }) => onFrame(screen, String(data)));
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve());
      socket.addEventListener('error', () => reject(new Error('a socket was not opened')));
    });
  };
  const cut = (): void => {
    for (const { socket } of screens) socket?.close();
  };
  const sum = (of: (screen: Screen) => number): number => screens.reduce((total, screen) => total + of(screen), 0);

  return {
    async open() {
      const startedAt = performance.now();
      for (let begin = 0; begin < screens.length; begin += OPENED_TOGETHER)
        await Promise.all(screens.slice(begin, begin + OPENED_TOGETHER).map(open));
      return performance.now() - startedAt;
    },
    cut,
    async untilHeard(lines) {
      for (const until = performance.now() + HEARD_WITHIN_MS; performance.now() < until; ) {
        if (screens.every(({ heard }) => heard.size >= lines)) return;
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      }
    },
    faults: (lines) => ({
      lost: sum(({ heard }) => lines - heard.size),
      doubled: sum(({ doubled, gaps }) => doubled + gaps),
    }),
    close() {
      cut();
      caller.close();
    },
  };
}

/** The number in a line of ours; null for all else that happens. */
export function saidIn({ kind, body }: { kind: string; body: { text?: string } }): number | null {
  const [, said] = /^said (\d+)$/.exec(body.text ?? '') ?? [];
  return kind !== 'message.added' || said === undefined ? null : Number(said);
}
