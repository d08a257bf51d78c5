import type { Dialogs } from '../dialogs/dialogs.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import type { Events } from '../events/events.ts';
import type { Operators } from '../operators/operators.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import { createLoop } from '../platform/loop.ts';
import type { Logger } from '../platform/telemetry.ts';
import { type CannedReplies, createCannedReplies } from './canned.ts';
import type { Priority } from './conversation.ts';
import { createDrafts, type Drafts } from './drafts.ts';
import { createHearing, type Hearing } from './hearing.ts';
import { createLabels, type Labels } from './labels.ts';
import { createDeskList, type DeskList } from './list.ts';
import { createMoves, type Moves } from './moves.ts';
import { createNotes, type Notes } from './notes.ts';
import { createPresence, type Presence } from './presence.ts';
import { createRatings } from './ratings.ts';
import { createReading, type Reading } from './reading.ts';
import { createRules, type Rules } from './rules.ts';
import { createConversationStore } from './store.ts';
import { createUpkeep } from './upkeep.ts';
import { type Asker, createDeskWork } from './work.ts';

export { BOT, type Conversation, type Priority } from './conversation.ts';
export type { Hearing, Word } from './hearing.ts';
export type { WorkingHours } from './hours.ts';
export type { DeskItem, DeskListRequest } from './list.ts';
export type { OwnerChange } from './moves.ts';
export type { DeskRule, TeamRule } from './rules.ts';
export { shownConversation } from './shown.ts';
export type { Asker } from './work.ts';

/** What is being done about dialogs, and by whom: see docs/decisions/0013. */
export interface Desk {
  hearing: Hearing;
  list: DeskList;
  moves: Pick<Moves, 'changeOwner' | 'close' | 'reopen' | 'snooze'>;
  /** Priority and labels of one dialog. Throws `not.found`, `conversation.closed`, `parameter.invalid`. */
  sort(asker: Asker, dialogId: number, change: Sorting): Promise<void>;
  notes: Pick<Notes, 'add'>;
  drafts: Drafts;
  reading: Reading;
  /** Runs where the API is served. */
  presence: Presence;
  labels: Pick<Labels, 'list' | 'add' | 'change' | 'remove'>;
  canned: CannedReplies;
  rules: Pick<Rules, 'list' | 'change' | 'ofTeam' | 'changeTeam'>;
  /** Does all that is due now; false where nothing was. `run` calls it again and again. */
  workOff(): Promise<boolean>;
  /** Wakes what was put aside, notes missed deadlines, assigns, gives back, closes what is silent. */
  run(): void;
  stop(): Promise<void>;
}

export interface Sorting {
  priority?: Priority;
  addLabelIds?: readonly number[];
  removeLabelIds?: readonly number[];
}

export interface DeskParts {
  database: Database;
  dialogs: Pick<Dialogs, 'lock' | 'append' | 'waitingOfBot' | 'changeStatuses' | 'some' | 'place'>;
  dispatch: Pick<Dispatch, 'cancelIn' | 'acceptReplies'>;
  events: Pick<Events, 'note'>;
  operators: Pick<Operators, 'staff' | 'teams'>;
  clock: Clock;
  log: Logger;
}

// Of minutes and hours that people wait or are silent, a second is nothing; whoever comes online gets a dialog at once.
const UPKEEP_IDLE_MS = 1_000;
const UPKEEP_EVERY_MS = 100;

export function createDesk(parts: DeskParts): Desk {
  const { database, dialogs, events, clock, log } = parts;
  const rules = createRules(parts);
  const store = createConversationStore({ events, rules });
  const work = createDeskWork({ ...parts, store });
  const notes = createNotes({ ...parts, work });
  const ratings = createRatings({ ...parts, store, rules });
  const moves = createMoves({ ...parts, work, store, notes, ratings });
  const drafts = createDrafts({ work, events });
  const labels = createLabels({ database, events });
  const { workOff } = createUpkeep({ ...parts, work, store, moves });
  const timing = { idleMs: UPKEEP_IDLE_MS, everyMs: UPKEEP_EVERY_MS };
  const loop = createLoop({ name: 'desk', clock, log, ...timing, step: workOff });
  return {
    rules,
    workOff,
    run: () => loop.run(),
    stop: () => loop.stop(),
    hearing: createHearing({ ...parts, work, store, moves, notes, drafts, rules, ratings }),
    list: createDeskList({ database, dialogs }),
    moves,
    sort: (asker, dialogId, { priority, addLabelIds = [], removeLabelIds = [] }) =>
      work.inDialog(asker, dialogId, async (held) => {
        if (priority !== undefined) await moves.setPriority(held, priority);
        if (addLabelIds.length + removeLabelIds.length === 0) return;
        await labels.mark(held.tx, held.place, { add: addLabelIds, remove: removeLabelIds });
      }),
    notes,
    drafts,
    reading: createReading({ work, events }),
    presence: createPresence(parts),
    labels,
    canned: createCannedReplies({ database, work }),
  };
}
