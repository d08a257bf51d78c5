import {
  type BotEvent,
  type BotState,
  type Facts,
  type OutsideAnswer,
  type OutsideRequest,
  readOutsideAnswer,
  runBot,
  type StepResult,
} from '@soroka/bot';
import { signedHeaders } from '../callbacks/callbacks.ts';
import type { LockedDialog } from '../dialogs/dialogs.ts';
import type { HttpClient } from '../platform/http-client.ts';
import { EMPTY, withoutScenario } from './memory.ts';
import type { Runner } from './runners.ts';

/** A bot in code or outside is given an event, outside of any transaction. */
export interface Turn {
  runner: Exclude<Runner, { kind: 'file' }>;
  dialog: LockedDialog;
  state: BotState | undefined;
  event: BotEvent;
  facts: Facts;
  /** The same on every try. */
  eventId: string;
}

export type Taken = { kind: 'done'; result: StepResult } | { kind: 'failed'; problem: string };

export interface TurnParts {
  httpClient: Pick<HttpClient, 'post'>;
  accounts: { signingSecrets(accountId: number): Promise<readonly string[]> };
  timeoutMs?: number;
}

export const TURN_TIMEOUT_MS = 3_000;
const SESSION_CHARACTERS_MAX = 16_384;
const SAYS_MAX = 10;

/** Tries once, for three seconds at most. Never throws for what the bot does. */
export async function takeTurn(parts: TurnParts, turn: Turn): Promise<Taken> {
  const { runner, state, event, facts } = turn;
  if (runner.kind === 'outside') return askOutside(parts, turn, runner.url);
  const { timeoutMs = TURN_TIMEOUT_MS } = parts;
  const over = new AbortController();
  const late = new Promise<Taken>((resolve) => {
    const timer = setTimeout(() => resolve({ kind: 'failed', problem: `took longer than ${timeoutMs} ms` }), timeoutMs);
    over.signal.addEventListener('abort', () => clearTimeout(timer));
  });
  const done = runBot(runner.bot, state, event, facts).then((result): Taken => ({ kind: 'done', result }));
  return Promise.race([done, late]).finally(() => over.abort());
}

async function askOutside(
  { httpClient, accounts, timeoutMs = TURN_TIMEOUT_MS }: TurnParts,
  turn: Turn,
  url: string,
): Promise<Taken> {
  const { dialog, state, eventId, facts } = turn;
  const body = JSON.stringify(requestOf(turn));
  const signed = signedHeaders(eventId, facts.now, body, await accounts.signingSecrets(dialog.accountId));
  const headers = { 'content-type': 'application/json', 'user-agent': 'Soroka', ...signed };
  const answer = await httpClient.post({ url, body, headers, timeoutMs });
  if (answer.kind === 'forbidden') return { kind: 'failed', problem: `the URL ${answer.reason}` };
  if (answer.kind === 'timed_out') return { kind: 'failed', problem: `no whole answer within ${timeoutMs} ms` };
  if (answer.kind === 'failed') return { kind: 'failed', problem: `the call failed with ${answer.code}` };
  if (answer.status !== 200) return { kind: 'failed', problem: `answered ${answer.status}` };
  const read = readOutsideAnswer(parsed(answer.bodyHead));
  if (!read.ok) return { kind: 'failed', problem: `the answer is none: ${read.problems[0]}` };
  if (JSON.stringify(read.answer.session ?? null).length > SESSION_CHARACTERS_MAX)
    return { kind: 'failed', problem: `the session is longer than ${SESSION_CHARACTERS_MAX} characters` };
  return { kind: 'done', result: resultOf(read.answer, state) };
}

function requestOf({ runner, dialog, state, event, facts, eventId }: Turn): OutsideRequest {
  const { person, now, isWorkingHours, network, groupId } = facts;
  return {
    ...{
      id: eventId,
      type: 'bot.event',
      botVersion: runner.version,
      dialogId: String(dialog.id),
      now,
      network,
      groupId,
      isWorkingHours,
    },
    person: { id: dialog.userId ?? '', ...person, variables: { ...person.variables }, labels: [...person.labels] },
    event,
    ...(state?.session !== undefined && { session: state.session }),
  };
}

/** What the answer of a bot outside comes to: its actions up to a hand-over, and so many messages. */
function resultOf({ actions, session }: OutsideAnswer, state: BotState | undefined): StepResult {
  const handsOver = actions.findIndex(({ kind }) => kind === 'handoff');
  let says = 0;
  const effects = actions.slice(0, handsOver === -1 ? actions.length : handsOver + 1).filter((action) => {
    says += action.kind === 'say' ? 1 : 0;
    return action.kind !== 'say' || says <= SAYS_MAX;
  });
  const { session: _, ...kept } = state ?? EMPTY;
  return {
    state: { ...kept, ...(session !== undefined && { session }) },
    effects,
    trace: [{ at: 'event', name: 'outside', outcome: `answered with ${actions.length} actions` }],
    isUnmatched: false,
  };
}

/** What follows when a bot has failed for the last time. */
export function resultOfFailure(state: BotState | undefined, says: string): StepResult {
  return {
    state: withoutScenario(state ?? EMPTY),
    effects: [
      { kind: 'say', text: says },
      { kind: 'handoff', note: 'The bot did not answer.' },
    ],
    trace: [{ at: 'guard', name: 'failure', outcome: 'no answer after the last try' }],
    isUnmatched: false,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
