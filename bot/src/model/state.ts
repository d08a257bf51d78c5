import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Effect, TraceLine } from './effects.ts';
import { Value } from './events.ts';

const Name = Type.String({ maxLength: 200 });
const Id = Type.String({ maxLength: 40 });

/** What a scenario or a scene stands still for. `failures`: answers that were not understood; `wakeId`: its time-out. */
const Wait = Type.Union([
  Type.Object({
    kind: Type.Literal('answer'),
    failures: Type.Integer({ minimum: 0 }),
    wakeId: Type.Optional(Id),
  }),
  Type.Object({ kind: Type.Literal('timer'), id: Id }),
  Type.Object({ kind: Type.Literal('call'), id: Id }),
]);
export type Wait = Static<typeof Wait>;

/** A thing that a scene did, with what came of it. */
const Recorded = Type.Object({
  operation: Name,
  value: Type.Optional(Type.Unknown()),
  error: Type.Optional(Type.String()),
});
export type Recorded = Static<typeof Recorded>;

export const BotState = Type.Object({
  scenario: Type.Optional(
    Type.Object({
      name: Name,
      version: Type.String({ maxLength: 100, description: 'Of the bot when the scenario began; it stays on it.' }),
      step: Name,
      wait: Wait,
    }),
  ),
  scene: Type.Optional(
    Type.Object({
      name: Name,
      version: Type.String({ maxLength: 100 }),
      record: Type.Array(Recorded),
      wait: Wait,
    }),
  ),
  variables: Type.Record(Type.String(), Value),
  cooldowns: Type.Record(Type.String(), Type.Number(), { description: 'When a rule with a cooldown fitted last, by its name.' }),
  misunderstood: Type.Integer({ minimum: 0, description: 'Messages in a row that nothing fitted.' }),
  nextId: Type.Integer({ minimum: 1 }),
  session: Type.Optional(Type.Unknown()),
});
/** A bot's memory of one dialog: JSON, to be stored with the effects in one transaction. */
export type BotState = Static<typeof BotState>;

export interface StepResult {
  state: BotState;
  effects: readonly Effect[];
  trace: readonly TraceLine[];
  /** Nothing but a fallback fitted what the person wrote, and no question waited for it: a phrase that lacks a rule. */
  isUnmatched: boolean;
}

export function emptyState(): BotState {
  return { variables: {}, cooldowns: {}, misunderstood: 0, nextId: 1 };
}

const check = Compile(BotState);

/** A copy of a stored state; undefined where it is none. */
export function readState(stored: unknown): BotState | undefined {
  return check.Check(stored) ? structuredClone(stored) : undefined;
}
