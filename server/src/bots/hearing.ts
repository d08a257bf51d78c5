import { type Bot, type BotEvent, readBot, type StepResult, step } from '@soroka/bot';
import type { Dialogs, LockedDialog } from '../dialogs/dialogs.ts';
import type { Transaction } from '../platform/database.ts';
import { type CarryOutParts, createCarryOut } from './carry-out.ts';
import { factsOf } from './dialog-facts.ts';
import { loadMemory, withoutScenario } from './memory.ts';
import { type Runner, type Runners, segmentsOf, silencesMs } from './runners.ts';
import { addTask, cancelTasks } from './tasks.ts';

/** Something that happened in a dialog which the transaction holds. */
export interface Happened {
  dialog: LockedDialog;
  /** The group's own; undefined where nobody can answer in its name. */
  connectionId: number | undefined;
  event: BotEvent;
  /** Of the event: a turn with the same one is not asked for twice. */
  key: string;
  isNewDialog: boolean;
}

export interface HearingParts extends CarryOutParts {
  dialogs: CarryOutParts['dialogs'] & Pick<Dialogs, 'lock'>;
  runners: Runners;
  /** There is a task to be done at once. */
  onTask(): void;
}

export interface Hearing {
  /** Steps the bot over an event, or asks for a turn of one that takes its time. */
  hear(tx: Transaction, happened: Happened): Promise<{ notice?: string }>;
  /** Carries out what a turn led to. The task it was is taken away by the caller, in the same transaction. */
  bring(tx: Transaction, turn: Omit<Happened, 'key'> & { runner: Runner; result: StepResult }): Promise<void>;
}

/** What people do themselves: after it a silence begins anew. */
const WORDS: readonly BotEvent['kind'][] = ['message', 'button', 'started'];

export function createHearing(parts: HearingParts): Hearing {
  const { runners, clock, onTask } = parts;
  const carryOut = createCarryOut(parts);

  const awaitSilences = async (tx: Transaction, { dialog, event }: Happened, runner: Runner): Promise<void> => {
    if (dialog.contactId === null || !WORDS.includes(event.kind)) return;
    const of = { accountId: dialog.accountId, dialogId: dialog.id, botId: runner.botId };
    for (const forMs of silencesMs(runner)) {
      const dueAt = new Date(clock.now() + forMs);
      await addTask(tx, { ...of, kind: 'silence', key: String(forMs), body: { kind: 'noReply', forMs }, dueAt });
    }
  };

  return {
    async hear(tx, happened) {
      const { dialog, connectionId, event, key, isNewDialog } = happened;
      const { id: dialogId, accountId } = dialog;
      const runner = await runners.of(tx, accountId, dialog.network, dialog.groupId);
      if (runner === null) return {};
      const { botId, version } = runner;
      const before = await loadMemory(tx, dialogId, botId);
      if (before.isAnothers) await cancelTasks(tx, dialogId);
      const facts = await factsOf(tx, parts, dialog, { isNewDialog, segmentNames: segmentsOf(runner) });
      // A conversation that a person has taken is not gone on with where it stood, when it is the bot's again.
      const state = facts.owner === 'bot' || before.state === undefined ? before.state : withoutScenario(before.state);
      const of = { dialog, connectionId, botId, version, event: shown(event), facts, before };
      if (runner.kind === 'file') {
        const bot = await runners.forState(tx, runner, accountId, state);
        const carried = await carryOut(tx, { ...of, result: step(bot, state, event, facts) });
        await awaitSilences(tx, happened, runner);
        tx.afterCommit(onTask);
        return carried;
      }
      // Stop words win at once, whatever a bot that takes its time is at.
      const guarded = step(guardOf(runner), state, event, facts);
      if (guarded.trace.some(({ at, name }) => at === 'guard' && name === 'stop word')) {
        await cancelTasks(tx, dialogId);
        return carryOut(tx, { ...of, result: guarded });
      }
      if (facts.owner !== 'bot' || facts.isGroupChat) return {};
      await addTask(tx, { accountId, dialogId, botId, kind: 'turn', key, body: event, dueAt: new Date(clock.now()) });
      await awaitSilences(tx, happened, runner);
      tx.afterCommit(onTask);
      return {};
    },

    async bring(tx, { dialog, connectionId, event, isNewDialog, runner, result }) {
      const { botId, version } = runner;
      const before = await loadMemory(tx, dialog.id, botId);
      const facts = await factsOf(tx, parts, dialog, { isNewDialog, segmentNames: segmentsOf(runner) });
      // Somebody took over while the bot was thinking.
      if (before.isAnothers || facts.owner !== 'bot') return cancelTasks(tx, dialog.id);
      await carryOut(tx, { dialog, connectionId, botId, version, event: shown(event), facts, before, result });
      tx.afterCommit(onTask);
    },
  };
}

function shown(event: BotEvent): { kind: string; text?: string } {
  return { kind: event.kind, ...(event.kind === 'message' && { text: event.text }) };
}

const NO_RULES = botOf('rules: []');

function botOf(yaml: string): Bot {
  const read = readBot(yaml);
  if (!read.ok) throw new Error(read.problems.join('; '));
  return read.bot;
}

/** A bot that hears stop words and nothing else. */
function guardOf(runner: Runner): Bot {
  return runner.kind === 'code' ? { ...runner.bot.base, rules: [], scenarios: new Map() } : NO_RULES;
}
