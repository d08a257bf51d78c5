import type { Bot, Network, StepResult } from '@soroka/bot';
import type { Connections } from '../connections/connections.ts';
import type { Dialogs } from '../dialogs/dialogs.ts';
import type { Database, Queryable, Transaction } from '../platform/database.ts';
import type { HttpClient } from '../platform/http-client.ts';
import { createLoop } from '../platform/loop.ts';
import type { CodeBots } from './code-bots.ts';
import { createHearing, type HearingParts } from './hearing.ts';
import { createLibrary, type Library, type LibraryParts } from './library.ts';
import { adoptMemory } from './memory.ts';
import { botEventOf, type Said } from './moments.ts';
import { createPeople, type PeopleParts } from './people.ts';
import { createRunners, hearsPermissions } from './runners.ts';
import type { TurnParts } from './take-turn.ts';
import { createTaskWorker } from './task-worker.ts';
import { forgetTraces, listPhrases, listTraces, type PhraseItem, type TraceItem } from './traces.ts';
import { type Trial, tryBot } from './trial.ts';

export { NETWORK_KNOWLEDGE, parseBot, readBotFile } from './bot-file.ts';
export { type CodeBots, loadCodeBots } from './code-bots.ts';
export type { Turns } from './dialog-facts.ts';
export { type BotItem, createLibrary, type Library, type WholeVersion } from './library.ts';
export type { Said } from './moments.ts';
export type { PhraseItem, TraceItem } from './traces.ts';
export type { Trial } from './trial.ts';

export interface BotsParts extends Omit<HearingParts, 'runners' | 'onTask' | 'people'>, TurnParts, PeopleParts, LibraryParts {
  database: Database;
  dialogs: HearingParts['dialogs'] & Pick<Dialogs, 'lock'>;
  connections: Pick<Connections, 'ofGroup'>;
  httpClient: Pick<HttpClient, 'post' | 'refusal'>;
  /** Answers in the groups that have no bot of their own; undefined: there they are silent. */
  fileBot: Bot | undefined;
  codeBots: CodeBots;
}

/** What a person said or allowed, where the bot may answer. */
export interface Heard {
  dialogId: number;
  /** Of the group's own; undefined where only an upstream serves it. */
  connectionId: number | undefined;
  isNewDialog: boolean;
  event: Said;
}

/** The bots of this server's groups. */
export interface Bots {
  /** Whether a bot answers in the group, at most a second after it was said. */
  isIn(tx: Queryable, accountId: number, network: Network, groupId: string): Promise<boolean>;
  /** Whether one does that wants to hear whom the group may write to. */
  hearsPermissions(tx: Queryable, accountId: number, network: Network, groupId: string): Promise<boolean>;
  /** Two dialogs turned out to be one person's. */
  adopt(tx: Queryable, fromDialogId: number, intoDialogId: number): Promise<void>;
  /** Does what the bot does, in the transaction of the event; gives the line for whoever pressed a button. */
  hear(tx: Transaction, heard: Heard): Promise<{ notice?: string }>;
  library: Library;
  /** Nothing is sent, stored or called. See tryBot. */
  try(accountId: number, botId: number, trial: Trial): Promise<readonly StepResult[]>;
  /** What no rule knew in so many days, the most frequent first. */
  phrases(accountId: number, botId: number, days: number, limit: number): Promise<readonly PhraseItem[]>;
  /** Why the bot did what it did in a dialog; newest first, below `before`. */
  traces(accountId: number, dialogId: number, page: { limit: number; before: number }): Promise<readonly TraceItem[]>;
  /** Begins with timers, web requests and turns. */
  run(): void;
  /** Resolves when those under way have ended. */
  stop(): Promise<void>;
}

// Timers may be so late; what is to be done at once wakes the loop, and other processes' tasks are found by it.
const IDLE_MS = 500;
const EVERY_MS = 10;
const SWEEP_IDLE_MS = 600_000;
const DAY_MS = 86_400_000;

export function createBots(parts: BotsParts): Bots {
  const { database, dialogs, clock, log, fileBot, codeBots } = parts;
  const runners = createRunners({ clock, fileBot, codeBots });
  const library = createLibrary(parts);
  const people = createPeople(parts);
  const hearing = createHearing({ ...parts, people, runners, onTask: () => tasks.wake() });
  const worker = createTaskWorker({ ...parts, people, runners, hearing, onRoom: () => tasks.wake() });
  const common = { clock, log, everyMs: EVERY_MS };
  const tasks = createLoop({ ...common, name: 'bot_tasks', idleMs: IDLE_MS, step: () => worker.workOff() });
  const sweep = createLoop({
    ...common,
    name: 'bot_sweep',
    idleMs: SWEEP_IDLE_MS,
    step: () => forgetTraces(database, clock.now()),
  });

  return {
    isIn: async (tx, accountId, network, groupId) => (await runners.of(tx, accountId, network, groupId)) !== null,
    async hearsPermissions(tx, accountId, network, groupId) {
      const runner = await runners.of(tx, accountId, network, groupId);
      return runner !== null && hearsPermissions(runner);
    },
    adopt: adoptMemory,
    async hear(tx, { dialogId, connectionId, isNewDialog, event }) {
      const dialog = await dialogs.lock(tx, dialogId);
      if (dialog === null) return {};
      return hearing.hear(tx, { dialog, connectionId, event: botEventOf(event), key: event.eventId.slice(0, 500), isNewDialog });
    },
    library,
    try: (accountId, botId, trial) => tryBot({ library, clock }, accountId, botId, trial),
    phrases: (accountId, botId, days, limit) =>
      listPhrases(database, accountId, botId, new Date(clock.now() - days * DAY_MS), limit),
    traces: (accountId, dialogId, page) => listTraces(database, accountId, dialogId, page),
    run() {
      tasks.run();
      sweep.run();
    },
    async stop() {
      await Promise.all([tasks.stop(), sweep.stop()]);
      await worker.ended();
    },
  };
}
