import type { BotEvent } from '@soroka/bot';
import type { Connections } from '../connections/connections.ts';
import type { Dialogs, LockedDialog } from '../dialogs/dialogs.ts';
import type { Clock } from '../platform/clock.ts';
import { type Database, isDatabaseAway, type Transaction } from '../platform/database.ts';
import type { Found } from '../platform/loop.ts';
import type { Logger } from '../platform/telemetry.ts';
import { botTaskEnded } from './bot-events.ts';
import { factsOf, type Turns } from './dialog-facts.ts';
import type { Hearing } from './hearing.ts';
import { makeCall } from './make-call.ts';
import { loadMemory } from './memory.ts';
import type { People } from './people.ts';
import { type Runner, type Runners, segmentsOf } from './runners.ts';
import { resultOfFailure, type Taken, type TurnParts, takeTurn } from './take-turn.ts';
import { cancelTasks, claimTasks, putOffTask, type Task, takeTask } from './tasks.ts';

export interface TaskWorkerParts extends TurnParts {
  database: Database;
  dialogs: Pick<Dialogs, 'lock'>;
  connections: Pick<Connections, 'ofGroup'>;
  runners: Runners;
  hearing: Hearing;
  people: People;
  turns: Turns;
  clock: Clock;
  log: Logger;
  /** One has ended: there is room for another. */
  onRoom(): void;
}

/** Does what is due of the tasks of all dialogs. */
export interface TaskWorker {
  /** Begins with what is due. False where nothing is, or as much is under way as may be. */
  workOff(): Promise<Found>;
  /** Resolves when what is under way has ended. */
  ended(): Promise<void>;
}

// Most of the time of a task somebody else is waited for; a few slow programs must not keep all others waiting.
const IN_FLIGHT_MAX = 64;
// Each holds a connection to the database, and may want one more within it.
const TRANSACTIONS_MAX = 4;
// Longer than anything a task may take; a process that dies leaves its tasks for so long.
const LEASE_MS = 10_000;
const TRIES_MAX = 3;
const RETRY_MS = 1_000;

/** Of bots in code and outside, which have no file to say it otherwise. */
const HANDED_OVER = 'Передаю разговор оператору. Он ответит здесь же.';

export function createTaskWorker(parts: TaskWorkerParts): TaskWorker {
  const { database, dialogs, connections, runners, hearing, httpClient, clock, log, onRoom } = parts;
  const gate = createGate(TRANSACTIONS_MAX);
  const transaction: Database['transaction'] = (work) => gate(() => database.transaction(work));
  const underWay = new Set<Promise<void>>();

  const connectionOf = async ({ accountId, network, groupId }: LockedDialog): Promise<number | undefined> => {
    const ofGroup = await connections.ofGroup(network, groupId);
    return ofGroup.find((connection) => connection.accountId === accountId && connection.kind === network)?.id;
  };

  /** Takes the task away, and does what follows, in one transaction that holds the dialog. False where the task is gone. */
  const settle = (task: Task, work: (tx: Transaction, dialog: LockedDialog) => Promise<unknown>): Promise<boolean> =>
    transaction(async (tx) => {
      const dialog = await dialogs.lock(tx, task.dialogId);
      if (!(await takeTask(tx, task)) || dialog === null || dialog.accountId !== task.accountId) return false;
      await work(tx, dialog);
      return true;
    });

  const tell = async (task: Task, event: BotEvent, connectionId: number | undefined): Promise<boolean> =>
    settle(task, (tx, dialog) =>
      hearing.hear(tx, { dialog, connectionId, event, key: `${task.kind} ${task.id}`, isNewDialog: false }),
    );

  const connectionOfTask = async ({ dialogId }: Task): Promise<number | undefined> => {
    const dialog = await transaction((tx) => dialogs.lock(tx, dialogId));
    return dialog === null ? undefined : connectionOf(dialog);
  };

  const call = async (task: Task & { kind: 'call' }): Promise<void> => {
    const called = await makeCall(httpClient, task.body, `bot-call-${task.id}`);
    const ended = { accountId: task.accountId, botId: task.botId, kind: task.kind };
    if (called.kind === 'failed' && task.tries < TRIES_MAX) {
      await putOffTask(database, task, new Date(clock.now() + RETRY_MS), called.problem);
      return botTaskEnded(log, { ...ended, outcome: 'retried', problem: called.problem });
    }
    const isWanted = await tell(task, called.result, await connectionOfTask(task));
    const problem = called.kind === 'failed' ? { problem: called.problem } : {};
    botTaskEnded(log, { ...ended, outcome: !isWanted ? 'dropped' : called.kind === 'failed' ? 'failed' : 'done', ...problem });
  };

  /** What a turn begins with; null where nobody is to have it. */
  const openTurn = (task: Task, runner: Runner) =>
    transaction(async (tx) => {
      const dialog = await dialogs.lock(tx, task.dialogId);
      if (dialog === null) return null;
      const { state, isAnothers } = await loadMemory(tx, dialog.id, runner.botId);
      const facts = await factsOf(tx, parts, dialog, { isNewDialog: false, segmentNames: segmentsOf(runner) });
      return isAnothers || facts.owner !== 'bot' ? null : { dialog, state, facts };
    });

  const turn = async (task: Task & { kind: 'turn' }): Promise<void> => {
    const ended = { accountId: task.accountId, botId: task.botId, kind: task.kind };
    const place = await transaction((tx) => dialogs.lock(tx, task.dialogId));
    const runner = place === null ? null : await runners.of(database, place.accountId, place.network, place.groupId);
    const opened = runner === null || runner.kind === 'file' || runner.botId !== task.botId ? null : await openTurn(task, runner);
    if (place === null || opened === null || runner === null || runner.kind === 'file') {
      await settle(task, (tx, dialog) => cancelTasks(tx, dialog.id));
      return botTaskEnded(log, { ...ended, outcome: 'dropped' });
    }
    const taken: Taken =
      task.tries > TRIES_MAX
        ? { kind: 'failed', problem: 'every try was broken off' }
        : await takeTurn(parts, { runner, ...opened, event: task.body, eventId: `bot-turn-${task.id}` });
    if (taken.kind === 'failed' && task.tries < TRIES_MAX) {
      await putOffTask(database, task, new Date(clock.now() + RETRY_MS), taken.problem);
      return botTaskEnded(log, { ...ended, outcome: 'retried', problem: taken.problem });
    }
    const says = runner.kind === 'code' ? runner.bot.base.texts.handoff : HANDED_OVER;
    const result = taken.kind === 'done' ? taken.result : resultOfFailure(opened.state, says);
    const connectionId = await connectionOf(place);
    const isWanted = await settle(task, (tx, dialog) =>
      hearing.bring(tx, { dialog, connectionId, event: task.body, isNewDialog: false, runner, result }),
    );
    const problem = taken.kind === 'failed' ? { problem: taken.problem } : {};
    botTaskEnded(log, { ...ended, outcome: !isWanted ? 'dropped' : taken.kind === 'failed' ? 'failed' : 'done', ...problem });
  };

  const work = async (task: Task): Promise<void> => {
    try {
      if (task.kind === 'call') await call(task);
      else if (task.kind === 'turn') await turn(task);
      else await tell(task, task.body, await connectionOfTask(task));
    } catch (error) {
      // It stays this process's own until its lease ends, and is tried again then.
      log.warn({
        event: 'bot_task_failed',
        taskId: task.id,
        kind: task.kind,
        error: error instanceof Error ? error.message : '',
      });
      if (isDatabaseAway(error) || task.tries < TRIES_MAX) return;
      await settle(task, async () => {}).catch(() => {}); // then the next look finds it
    }
  };

  const begin = (task: Task): void => {
    const working = work(task).finally(() => {
      underWay.delete(working);
      onRoom();
    });
    underWay.add(working);
  };

  return {
    async workOff() {
      const room = IN_FLIGHT_MAX - underWay.size;
      if (room <= 0) return false;
      const now = clock.now();
      const tasks = await claimTasks(database, new Date(now), new Date(now + LEASE_MS), room);
      for (const task of tasks) begin(task);
      return tasks.length > 0;
    },
    async ended() {
      await Promise.all(underWay);
    },
  };
}

/** Lets so many at a time do something, the others in their order. */
function createGate(max: number): <Result>(work: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = [];
  let inside = 0;
  return async (work) => {
    if (inside >= max) await new Promise<void>((resolve) => waiting.push(resolve));
    else inside += 1;
    try {
      return await work();
    } finally {
      // Whoever comes next takes the place over.
      const next = waiting.shift();
      if (next === undefined) inside -= 1;
      else next();
    }
  };
}
