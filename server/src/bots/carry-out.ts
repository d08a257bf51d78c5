import type { Content, Effect, Facts, StepResult } from '@soroka/bot';
import { consentOfWords } from '../contacts/contacts.ts';
import type { Dialogs, LockedDialog } from '../dialogs/dialogs.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import type { Clock } from '../platform/clock.ts';
import type { Transaction } from '../platform/database.ts';
import { gatheredOne } from '../platform/gathered.ts';
import type { Logger } from '../platform/telemetry.ts';
import { botCannotSpeak, botStepped } from './bot-events.ts';
import type { Turns } from './dialog-facts.ts';
import { type Memory, storeMemory, withoutScenario } from './memory.ts';
import type { People } from './people.ts';
import { addTask, cancelTask, cancelTasks } from './tasks.ts';
import { addPhrase, addTraces } from './traces.ts';

export interface CarryOutParts {
  dispatch: Pick<Dispatch, 'acceptReplies'>;
  dialogs: Pick<Dialogs, 'append'>;
  people: People;
  turns: Turns;
  clock: Clock;
  log: Logger;
}

/** One step of a bot in a dialog that the transaction holds. */
export interface Stepped {
  dialog: LockedDialog;
  /** The group's own; undefined where nobody can answer in its name. */
  connectionId: number | undefined;
  botId: number | null;
  version: string;
  /** The kind of the event, and what the person wrote where it was a message. */
  event: { kind: string; text?: string };
  facts: Facts;
  before: Memory;
  result: StepResult;
}

/** Beyond it a person takes over: so much is said only to another program. */
export const SAYS_A_MINUTE_MAX = 60;
const MINUTE_MS = 60_000;

/** What a step leads to, written in its transaction: all of it, or nothing. The line for whoever pressed a button comes back. */
export type CarryOut = (tx: Transaction, step: Stepped) => Promise<{ notice?: string }>;

export function createCarryOut({ dispatch, dialogs, people, turns, clock, log }: CarryOutParts): CarryOut {
  const accept = gatheredOne(dispatch.acceptReplies);
  const say = async (tx: Transaction, { dialog, connectionId }: Stepped, content: Content): Promise<void> => {
    const { id: dialogId, accountId, network, groupId, peerId } = dialog;
    if (connectionId === undefined || peerId === null) return botCannotSpeak(log, { accountId, network });
    const { keyboard } = content;
    const said = { text: textOf(content), ...(keyboard !== undefined && { keyboard }) };
    const messageId = await accept(tx, { accountId, connectionId, network, groupId, peerId, dialogId, ...said });
    const at = new Date(clock.now());
    await dialogs.append(tx, [{ ...said, dialogId, messageId, source: 'bot', status: 'QUEUED', at }]);
  };

  const waitFor = async (tx: Transaction, { dialog, botId }: Stepped, effect: Effect): Promise<void> => {
    const of = { accountId: dialog.accountId, dialogId: dialog.id, botId };
    if (effect.kind === 'cancelWake') return cancelTask(tx, dialog.id, 'timer', effect.id);
    if (effect.kind === 'wake') {
      const { id, at } = effect;
      return addTask(tx, { ...of, kind: 'timer', key: id, body: { kind: 'timer', id }, dueAt: new Date(at) });
    }
    if (effect.kind === 'call') {
      return addTask(tx, { ...of, kind: 'call', key: effect.id, body: effect, dueAt: new Date(clock.now()) });
    }
  };

  return async (tx, given) => {
    const step = withLoopGuard(given, clock.now());
    const { dialog, botId, version, event, facts, before, result } = step;
    const { accountId, id: dialogId } = dialog;
    const at = new Date(clock.now());
    let notice: string | undefined;
    const learnt = learntFrom(result.effects);
    if (learnt !== null) await people.learn(tx, dialog, learnt);
    for (const effect of result.effects) {
      switch (effect.kind) {
        case 'say':
          await say(tx, step, effect);
          break;
        case 'notice':
          notice ??= effect.text;
          break;
        case 'handoff':
          await cancelTasks(tx, dialog.id);
          if (facts.owner === 'bot' && !facts.isGroupChat) await turns.handOver(tx, dialog, effect);
          break;
        case 'close':
          if (!facts.isGroupChat) await turns.close(tx, dialog);
          break;
        case 'subscribe':
        case 'unsubscribe':
          if (!isSaid(event, effect.kind === 'subscribe')) await people.consent(tx, dialog, effect.kind === 'subscribe');
          break;
        case 'wake':
        case 'cancelWake':
        case 'call':
          await waitFor(tx, step, effect);
          break;
        case 'set':
        case 'label':
          break; // all at once: learntFrom
      }
    }
    await storeMemory(tx, { dialogId, accountId, botId }, before, memoryAfter(step, clock.now()));
    // Whoever speaks with an operator, or in a chat, is no news of the bot.
    const isOfBot = facts.owner === 'bot' && !facts.isGroupChat;
    if (isOfBot || result.effects.length > 0)
      await addTraces(tx, [{ accountId, dialogId, botId, version, event: event.kind, at, result }]);
    if (result.isUnmatched && event.text !== undefined) addPhrase(tx, accountId, botId, event.text, at);
    botStepped({ event: event.kind, effects: result.effects.map(({ kind }) => kind), isUnmatched: result.isUnmatched });
    return notice === undefined ? {} : { notice };
  };
}

/** Who says it in so many words is heard by whoever keeps consents already. */
function isSaid({ text }: Stepped['event'], allowed: boolean): boolean {
  return text !== undefined && consentOfWords(text) === allowed;
}

const saysOf = ({ effects }: StepResult): number => effects.filter(({ kind }) => kind === 'say').length;

/** Within the same minute what was said adds up; after it the count begins anew. */
function memoryAfter({ before, result }: Stepped, now: number): Memory {
  const says = saysOf(result);
  const isSameMinute = now - before.saidSince.getTime() < MINUTE_MS;
  if (says === 0 || isSameMinute) return { state: result.state, saidSince: before.saidSince, said: before.said + says };
  return { state: result.state, saidSince: new Date(now), said: says };
}

/** Two programs that talk with each other never tire: the one of them that is ours hands over. */
function withLoopGuard(step: Stepped, now: number): Stepped {
  const { facts, result } = step;
  if (facts.isGroupChat || memoryAfter(step, now).said <= SAYS_A_MINUTE_MAX) return step;
  const effects: Effect[] = [
    ...result.effects.filter(({ kind }) => kind === 'unsubscribe'),
    { kind: 'handoff', note: `The bot said more than ${SAYS_A_MINUTE_MAX} things in a minute.` },
  ];
  const line = { at: 'guard', name: 'loop', outcome: `more than ${SAYS_A_MINUTE_MAX} messages in a minute` } as const;
  return { ...step, result: { ...result, state: withoutScenario(result.state), effects, trace: [...result.trace, line] } };
}

/** Files are named by their addresses where the way to the network takes none. */
function textOf({ text, attachments = [] }: Content): string {
  return [text, ...attachments.map(({ url }) => url)].filter((part) => part !== '').join('\n');
}

/** What is to be kept with the person; null: nothing. */
function learntFrom(effects: readonly Effect[]) {
  const labels = new Map<string, boolean>();
  const variables: Record<string, string | number | boolean> = {};
  for (const effect of effects) {
    if (effect.kind === 'set') variables[effect.name] = effect.value;
    if (effect.kind === 'label') labels.set(effect.label, effect.action === 'add');
  }
  const named = (isAdded: boolean): string[] => [...labels].flatMap(([label, added]) => (added === isAdded ? [label] : []));
  const isNothing = labels.size === 0 && Object.keys(variables).length === 0;
  return isNothing ? null : { variables, addLabels: named(true), removeLabels: named(false) };
}
