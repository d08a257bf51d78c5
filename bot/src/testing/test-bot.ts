import { type CodeBot, runBot } from '../code/code.ts';
import type { Bot } from '../definition/definition.ts';
import { canonicalJson, wordsOf } from '../matching/matching.ts';
import type { BotEvent, BotState, Button, Effect, Facts, StepResult, TraceLine } from '../model/model.ts';
import { durationMs } from '../reading/reading.ts';
import { factsOf } from './facts.ts';

/** A bot that did not do what its test expects; the message says what it did. */
export class BotTestError extends Error {
  override readonly name = 'BotTestError';
}

/** A person in a dialog with the bot, in virtual time. */
export interface BotTest {
  user(text: string, more?: Partial<Extract<BotEvent, { kind: 'message' }>>): Promise<void>;
  /** Presses the button with this label, of the newest message that has it. */
  press(label: string): Promise<void>;
  start(ref?: string, refSource?: string): Promise<void>;
  event(event: BotEvent): Promise<void>;
  /** Answers the oldest call that has no answer yet. */
  answerCall(answer: { ok?: boolean; status?: number; body?: unknown }): Promise<void>;
  /** Lets `10m` pass; timers ring when they are due. */
  advance(duration: string): Promise<void>;
  /** Changes what is known, from now on: working hours, segments, who owns the dialog. */
  know(more: Partial<Facts>): void;
  /** Takes the oldest message that no expectation has taken, and gives its text. */
  expectReply(expected?: string | RegExp): string;
  expectSilence(): void;
  expectHandoff(team?: string): void;
  /** What the last event led to. */
  readonly effects: readonly Effect[];
  readonly trace: readonly TraceLine[];
  readonly calls: readonly Extract<Effect, { kind: 'call' }>[];
  readonly state: BotState | undefined;
  readonly facts: Facts;
  readonly isUnmatched: boolean;
}

/**
 * Tries a bot out without a server, a network or a clock: what it sets and labels is known to it afterwards, timers ring when time is
 * moved on, a hand-over makes the dialog a person's. Every state goes through JSON, as it will in a database.
 */
export function testBot<S>(bot: Bot | CodeBot<S>, more: Partial<Facts> = {}): BotTest {
  let facts = factsOf({ isNewDialog: true, ...more });
  let state: BotState | undefined;
  let last: StepResult | undefined;
  const said: Extract<Effect, { kind: 'say' }>[] = [];
  let heard = 0;
  let handoff: Extract<Effect, { kind: 'handoff' }> | undefined;
  const calls: Extract<Effect, { kind: 'call' }>[] = [];
  let alarms: { id: string; at: number }[] = [];

  const take = async (event: BotEvent): Promise<void> => {
    last = await runBot(bot, state, event, facts);
    state = JSON.parse(JSON.stringify(last.state)) as BotState;
    facts = { ...facts, isNewDialog: false };
    for (const effect of last.effects) carryOut(effect);
  };
  const carryOut = (effect: Effect): void => {
    const { person } = facts;
    if (effect.kind === 'say') said.push(effect);
    if (effect.kind === 'call') calls.push(effect);
    if (effect.kind === 'wake') alarms.push(effect);
    if (effect.kind === 'cancelWake') alarms = alarms.filter(({ id }) => id !== effect.id);
    if (effect.kind === 'set')
      facts = { ...facts, person: { ...person, variables: { ...person.variables, [effect.name]: effect.value } } };
    if (effect.kind === 'label') {
      const others = person.labels.filter((label) => label !== effect.label);
      facts = { ...facts, person: { ...person, labels: effect.action === 'add' ? [...others, effect.label] : others } };
    }
    if (effect.kind === 'handoff') {
      handoff = effect;
      facts = { ...facts, owner: 'queue' };
    }
  };
  const fail = (sentence: string): never => {
    throw new BotTestError(`${sentence}. The trace: ${traceOf(last)}`);
  };
  const press = async (label: string): Promise<void> => {
    const buttons = said.flatMap(({ keyboard }) => keyboard?.rows.flat() ?? []);
    const button = buttons.findLast((one) => same(one.label, label));
    if (button === undefined) return fail(`There is no button "${label}"; there is ${listed(buttons.map((one) => one.label))}`);
    await take(eventOf(button, facts));
  };
  let answered = 0;
  return {
    user: (text, given = {}) => take({ kind: 'message', text, attachments: [], ...given }),
    press,
    start: (ref, refSource) =>
      take({ kind: 'started', ...(ref !== undefined && { ref }), ...(refSource !== undefined && { refSource }) }),
    event: take,
    answerCall: async ({ ok = true, status = ok ? 200 : 500, body }) => {
      const call = calls[answered];
      if (call === undefined) return fail('No call waits for an answer');
      answered += 1;
      await take({ kind: 'callResult', id: call.id, ok, status, ...(body !== undefined && { body }) });
    },
    advance: async (duration) => {
      const ms = durationMs(duration) ?? fail(`"${duration}" is no duration such as 30s, 10m, 2h or 1d`);
      const until = facts.now + ms;
      for (let due = nextOf(alarms, until); due !== undefined; due = nextOf(alarms, until)) {
        const { id, at } = due;
        alarms = alarms.filter((alarm) => alarm.id !== id);
        facts = { ...facts, now: Math.max(at, facts.now) };
        await take({ kind: 'timer', id });
      }
      facts = { ...facts, now: until };
    },
    know: (given) => {
      facts = { ...facts, ...given };
    },
    expectReply: (expected) => {
      const reply = said[heard];
      if (reply === undefined) return fail(`The bot said nothing more, expected was ${expected ?? 'a reply'}`);
      heard += 1;
      const { text } = reply;
      const fits = expected === undefined || (typeof expected === 'string' ? text.includes(expected) : expected.test(text));
      return fits ? text : fail(`The bot said "${text}", expected was ${expected}`);
    },
    expectSilence: () => {
      if (said.length > heard) fail(`The bot said "${said[heard]?.text}", expected was silence`);
    },
    expectHandoff: (team) => {
      if (handoff === undefined) return fail('Nobody took over');
      if (team !== undefined && handoff.team !== team)
        fail(`The dialog went to ${handoff.team ?? 'no team'}, expected was ${team}`);
    },
    get effects() {
      return last?.effects ?? [];
    },
    get trace() {
      return last?.trace ?? [];
    },
    get isUnmatched() {
      return last?.isUnmatched ?? false;
    },
    get state() {
      return state;
    },
    get facts() {
      return facts;
    },
    calls,
  };
}

const same = (a: string, b: string): boolean => a === b || wordsOf(a).join(' ') === wordsOf(b).join(' ');
const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.map((name) => `"${name}"`).join(', '));
const nextOf = (alarms: readonly { id: string; at: number }[], until: number) =>
  [...alarms].sort((a, b) => a.at - b.at).find(({ at }) => at <= until);

function traceOf(last: StepResult | undefined): string {
  return last?.trace.map(({ name, outcome }) => `${name} ${outcome}`).join('; ') ?? 'nothing has happened yet';
}

/** What the network makes of a press: a text button writes its label, OK's tell the group silently. */
function eventOf(button: Button, { network, person }: Facts): BotEvent {
  const message = { kind: 'message' as const, text: button.label, attachments: [] };
  switch (button.kind) {
    case 'text':
      return network === 'ok' ? { kind: 'button', payload: button.payload } : { ...message, payload: button.payload };
    case 'callback':
      return { kind: 'button', payload: button.payload };
    case 'contact':
      return { ...message, text: '', attachments: ['contact'], contact: { phone: person.phone ?? '79000000000' } };
    case 'location':
      return { ...message, text: '', attachments: ['location'], payload: button.payload ?? canonicalJson({}) };
    case 'link':
      throw new BotTestError(`"${button.label}" opens an address: the bot does not hear of it`);
  }
}
