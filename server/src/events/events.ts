import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { createLoop } from '../platform/loop.ts';
import type { Logger } from '../platform/telemetry.ts';
import { createFeed, type Listener, type Listening } from './feed.ts';
import type { Frame } from './frames.ts';
import { createNote, type Note } from './note.ts';
import { CHANNEL, numberRows } from './numbering.ts';
import { forgetEvents } from './purge.ts';
import { readFrame, readHead } from './reading.ts';
import { createTickets, type Tickets } from './tickets.ts';
import type { Viewer } from './viewer.ts';

export type { Listener, Listening } from './feed.ts';
export type { Frame, ResetReason } from './frames.ts';
export type { Seat, Ticket } from './tickets.ts';
export { type EventEntry, groupKey, type Viewer } from './viewer.ts';

/** What happens in an account, in one order: the log from which every screen learns what changed after it was loaded. */
export interface Events extends Omit<Tickets, 'forgetTickets'> {
  /** Written if and only if the transaction commits; what one transaction notes for an account shares a number. */
  note: Note;
  /** The number of the account's last event; 0 before the first. Whatever is read after it holds at least all events up to it. */
  head(accountId: number, on?: Queryable): Promise<number>;
  /** What comes next after a cursor, as one frame; it may be empty, and there may be more. */
  after(accountId: number, sequence: number, viewer: Viewer): Promise<Frame>;
  /** Frames as they come, from the cursor of the listener on. They come while the log runs. */
  listen(listener: Listener): Listening;
  /** Numbers what was committed, here and elsewhere, and delivers. `cleansUp`: removes what is older than it is kept for, too. */
  run(options: { cleansUp: boolean }): Promise<void>;
  stop(): Promise<void>;
}

export interface EventsParts {
  database: Database;
  clock: Clock;
  log: Logger;
  /** How long a viewer may be away and still go on from its cursor. */
  keepDays: number;
}

/** Notices may be lost: somebody else's event is seen after so long at the latest. */
const IDLE_MS = 1_000;
// Under load what is committed within this time is numbered, read and told together.
const GATHER_MS = 25;
const CLEAN_UP_EVERY_MS = 600_000;

export function createEvents({ database, clock, log, keepDays }: EventsParts): Events {
  const { forgetTickets, ...tickets } = createTickets({ database, clock });
  const feed = createFeed({ database });
  const telling = createLoop({
    ...{ name: 'events', clock, log, idleMs: IDLE_MS, everyMs: GATHER_MS },
    async step() {
      const { numbered } = await numberRows(database);
      const isMore = await feed.round();
      return numbered > 0 || isMore;
    },
  });
  const cleaning = createLoop({
    ...{ name: 'event clean-up', clock, log, idleMs: CLEAN_UP_EVERY_MS, everyMs: 0 },
    async step() {
      await forgetTickets();
      return forgetEvents(database, new Date(clock.now()), keepDays);
    },
  });
  let stopListening: (() => Promise<void>) | undefined;

  return {
    ...tickets,
    note: createNote(() => telling.wake()),
    head: (accountId, on = database) => readHead(on, accountId),
    after: (accountId, sequence, viewer) => readFrame(database, { accountId, after: sequence }, viewer),
    listen(listener) {
      const listening = feed.listen(listener);
      telling.wake();
      return listening;
    },
    async run({ cleansUp }) {
      telling.run();
      if (cleansUp) cleaning.run();
      stopListening = await database.listen(CHANNEL, () => telling.wake());
    },
    async stop() {
      await stopListening?.();
      await telling.stop();
      await cleaning.stop();
    },
  };
}
