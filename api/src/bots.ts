import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false } as const;
const time = () => Type.String({ format: 'date-time', examples: ['2026-01-31T09:00:00Z'] });
const orNull = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema, description: string) =>
  Type.Union([schema, Type.Null()], { description });

export const BOT_KINDS = ['file', 'code', 'outside'] as const;

const name = Type.String({ minLength: 1, maxLength: 100, examples: ['Пиццерия'] });
const EXAMPLE = 'rules: [{name: delivery, when: {keywords: [доставк*]}, reply: За час.}]';
const definition = Type.String({
  maxLength: 60_000,
  description: 'Rules and scenarios as YAML or JSON: docs/bots/rules.md.',
  examples: [EXAMPLE],
});
const comment = Type.Optional(
  Type.String({ maxLength: 500, description: 'What is new in it.', examples: ['Часы на праздники'] }),
);
const groups = Type.Array(Type.String({ pattern: '^(VK|OK):[0-9]{1,20}$', examples: ['VK:213243638'] }), {
  maxItems: 1_000,
  description: 'Groups in whose dialogs it answers, as CHANNEL:GROUP; they are taken from the bots that had them.',
});
const url = Type.String({ maxLength: 2_048, examples: ['https://bot.shop.example/soroka'] });
const module = Type.String({ maxLength: 60, description: 'Its name in SOROKA_BOT_MODULES.', examples: ['salon'] });

export const Bot = Type.Object({
  id: Type.Integer(),
  name,
  kind: Type.Enum(BOT_KINDS, {
    description: 'file: rules and scenarios; code: a module of the server; outside: a program over HTTP.',
  }),
  module: orNull(module, 'Of code.'),
  url: orNull(url, 'Of outside: where events are posted.'),
  groups,
  publishedVersion: orNull(Type.Integer(), 'Of file: which version answers; null: none yet.'),
  latestVersion: orNull(Type.Integer(), 'Of file.'),
  createdAt: time(),
});
export type Bot = Static<typeof Bot>;

export const NewBot = Type.Object(
  {
    name,
    kind: Type.Optional(Type.Enum(BOT_KINDS, { default: 'file' })),
    definition: Type.Optional(definition),
    comment,
    module: Type.Optional(module),
    url: Type.Optional(url),
    groups: Type.Optional(groups),
  },
  { ...closed, examples: [{ name: 'Пиццерия', kind: 'file', definition: EXAMPLE, groups: ['VK:213243638'] }] },
);

export const BotPatch = Type.Object(
  { name: Type.Optional(name), url: Type.Optional(url), groups: Type.Optional(groups) },
  { ...closed, minProperties: 1, examples: [{ groups: ['VK:213243638', 'OK:70000000000001'] }] },
);

export const BotFinding = Type.Object({
  severity: Type.Enum(['error', 'warning']),
  place: Type.String({ description: 'A rule, or SCENARIO/STEP.' }),
  problem: Type.String(),
});

export const BotVersion = Type.Object({
  number: Type.Integer(),
  comment: orNull(Type.String(), 'What is new in it.'),
  isPublished: Type.Boolean(),
  createdAt: time(),
});
export const BotVersionWhole = Type.Object({
  ...BotVersion.properties,
  definition: Type.String({ description: 'As it was given.' }),
  findings: Type.Array(BotFinding, { description: 'What can be read and may not work.' }),
  diagrams: Type.Array(Type.Object({ scenario: Type.String(), mermaid: Type.String() }), {
    description: 'Every scenario as a Mermaid flowchart.',
  }),
});
export type BotVersionWhole = Static<typeof BotVersionWhole>;
export const NewBotVersion = Type.Object({ definition, comment }, { ...closed, examples: [{ definition: EXAMPLE }] });
export const BotPublication = Type.Object(
  { version: Type.Integer({ minimum: 1, description: 'An earlier one rolls back.' }) },
  { ...closed, examples: [{ version: 1 }] },
);

const event = Type.Object(
  {
    kind: Type.Enum([
      'message',
      'started',
      'button',
      'timer',
      'noReply',
      'callResult',
      'subscribed',
      'unsubscribed',
      'labelAdded',
    ]),
    text: Type.Optional(Type.String({ maxLength: 4_096 })),
    payload: Type.Optional(Type.String({ maxLength: 4_096 })),
    ref: Type.Optional(Type.String({ maxLength: 4_096 })),
    id: Type.Optional(Type.String({ maxLength: 40 })),
    ok: Type.Optional(Type.Boolean()),
    status: Type.Optional(Type.Integer()),
    body: Type.Optional(Type.Unknown()),
    forMs: Type.Optional(Type.Integer({ minimum: 0 })),
    label: Type.Optional(Type.String({ maxLength: 64 })),
  },
  {
    ...closed,
    description: 'As bots are told of it: docs/bots/outside-bots.md.',
    examples: [{ kind: 'message', text: 'Доставка есть?' }],
  },
);
export const BotTrial = Type.Object(
  {
    definition: Type.Optional(Type.String({ maxLength: 60_000, description: 'Of a bot that is not stored yet.' })),
    version: Type.Optional(Type.Integer({ minimum: 1, description: 'Without it and a definition, the published one.' })),
    channel: Type.Optional(Type.Enum(['VK', 'OK'], { default: 'VK' })),
    isWorkingHours: Type.Optional(Type.Boolean({ default: true })),
    owner: Type.Optional(Type.Enum(['bot', 'queue', 'human'], { default: 'bot' })),
    name: Type.Optional(Type.String({ maxLength: 200, description: 'Of the person.' })),
    events: Type.Array(event, { minItems: 1, maxItems: 50, description: 'One conversation, one after the other.' }),
  },
  { ...closed, examples: [{ events: [{ kind: 'message', text: 'Доставка есть?' }] }] },
);
export type BotTrial = Static<typeof BotTrial>;

const line = Type.Object({
  at: Type.String({ description: 'rule, step, guard, scene or event.' }),
  name: Type.String(),
  outcome: Type.String(),
});
export const BotTrialResult = Type.Object({
  steps: Type.Array(
    Type.Object({
      effects: Type.Array(Type.Object({ kind: Type.String() }, { description: 'As docs/bots/outside-bots.md lists actions.' })),
      trace: Type.Array(line, { description: 'What was decided, in order, and why.' }),
      isUnmatched: Type.Boolean({ description: 'No rule knew it.' }),
    }),
  ),
});
export type BotTrialResult = Static<typeof BotTrialResult>;

export const BotPhrase = Type.Object({
  phrase: Type.String({ examples: ['а самовывоз есть'] }),
  count: Type.Integer(),
  lastAt: time(),
});
export const BotTrace = Type.Object({
  id: Type.Integer(),
  botId: orNull(Type.Integer(), "null: the bot of the server's own file."),
  version: Type.String(),
  event: Type.String({ description: 'Its kind.' }),
  lines: Type.Array(line),
  effects: Type.Array(Type.String(), { description: 'Their kinds.' }),
  at: time(),
});
