import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { Action, BotEvent, Network, Value } from '../model/model.ts';

/** What a bot outside of the server is posted for each event. `id` is the same on every try: answer it with the same actions. */
export const OutsideRequest = Type.Object(
  {
    id: Type.String({ description: 'Of the event; the same on every try.' }),
    type: Type.Literal('bot.event'),
    botVersion: Type.String(),
    dialogId: Type.String(),
    now: Type.Integer({ description: 'Milliseconds since 1970.' }),
    network: Network,
    groupId: Type.String(),
    isWorkingHours: Type.Boolean(),
    person: Type.Object({
      id: Type.String(),
      name: Type.Optional(Type.String()),
      phone: Type.Optional(Type.String({ description: 'Digits of E.164 without plus.' })),
      variables: Type.Record(Type.String(), Value),
      labels: Type.Array(Type.String()),
    }),
    event: BotEvent,
    session: Type.Optional(Type.Unknown({ description: 'What the bot gave with its last answer in this dialog.' })),
  },
  { $id: 'OutsideRequest' },
);
export type OutsideRequest = Static<typeof OutsideRequest>;

/** What it answers with status 200, within three seconds. */
export const OutsideAnswer = Type.Object(
  {
    actions: Type.Array(Action, {
      maxItems: 20,
      description: 'In this order; at most 10 of them `say`.',
    }),
    session: Type.Optional(Type.Unknown({ description: 'Up to 16 KB of JSON; comes back with the next event of this dialog.' })),
  },
  { $id: 'OutsideAnswer', additionalProperties: false },
);
export type OutsideAnswer = Static<typeof OutsideAnswer>;

const check = Compile(OutsideAnswer);

/** What an answer says, or each thing that is wrong with it: the place and what was expected there. Never throws. */
export function readOutsideAnswer(
  body: unknown,
): { ok: true; answer: OutsideAnswer } | { ok: false; problems: readonly string[] } {
  if (check.Check(body)) return { ok: true, answer: body };
  const problems = check
    .Errors(body)
    .map(({ instancePath, message }) => `${instancePath === '' ? 'the answer' : instancePath} ${message}`);
  return { ok: false, problems: [...new Set(problems)].slice(0, 20) };
}
