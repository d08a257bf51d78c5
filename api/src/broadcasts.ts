import { type Static, Type } from 'typebox';
import { Keyboard } from './keyboards.ts';
import { SegmentDefinition } from './segments.ts';

const closed = { additionalProperties: false } as const;
const time = () => Type.String({ format: 'date-time', examples: ['2026-01-31T09:00:00Z'] });
const orNull = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema, description: string) =>
  Type.Union([schema, Type.Null()], { description });
const id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const clockTime = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$', examples: ['10:00'] });
const timeZone = Type.String({ maxLength: 64, examples: ['Europe/Moscow'] });

export const BROADCAST_STATES = ['draft', 'scheduled', 'running', 'paused', 'stopped', 'finished'] as const;
export const TRIAL_BY = ['clicked', 'answered', 'read', 'hand'] as const;

const Variant = Type.Object(
  {
    text: Type.String({
      minLength: 1,
      maxLength: 4_096,
      description:
        'Liquid as in templates; {{ name }} and variables of the contact. Links become short ones, which count clicks.',
      examples: ['Здравствуйте, {{ name }}! Новое меню: https://pizzeria.example/menu'],
    }),
    keyboard: Type.Optional(Keyboard),
    fileIds: Type.Optional(
      Type.Array(id, {
        minItems: 1,
        maxItems: 10,
        uniqueItems: true,
        description:
          'Pictures of POST /v1/files, sent with messages, not with templates. VK takes 10; OK 5, the keyboard among them.',
      }),
    ),
  },
  closed,
);

const Way = Type.Union([
  Type.Object(
    {
      kind: Type.Literal('message', { description: 'A message of the group to whoever wrote to it, or let it write.' }),
      group: Type.String({ pattern: '^(VK|OK):[0-9]{1,20}$', examples: ['VK:213243638'] }),
      intent: Type.Optional(
        Type.Enum(
          [
            'promo_newsletter',
            'non_promo_newsletter',
            'confirmed_notification',
            'bot_ad_invite',
            'bot_ad_promo',
            'account_update',
            'purchase_update',
            'customer_support',
            'finance_notification',
            'game_notification',
            'moderated_newsletter',
          ],
          {
            description: 'VK: why the group writes first. Without one it reaches those alone who wrote in the last 24 hours.',
          },
        ),
      ),
    },
    closed,
  ),
  Type.Object(
    {
      kind: Type.Literal('template', { description: 'A notification by phone; its text is the template’s.' }),
      service: Type.String({ minLength: 1, maxLength: 200, examples: ['Group_name'] }),
      templateId: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }),
    },
    closed,
  ),
]);

const plan = {
  variants: Type.Array(Variant, {
    minItems: 1,
    maxItems: 4,
    description: 'One text, or several that are tried against each other.',
  }),
  defaults: Type.Optional(
    Type.Record(Type.String(), Type.Union([Type.String({ maxLength: 1_000 }), Type.Number(), Type.Boolean()]), {
      description: 'Values of variables that a contact lacks; without one such a contact is left out.',
      examples: [{ name: 'друг' }],
    }),
  ),
  audience: Type.Union(
    [
      Type.Object({ segmentId: id }, closed),
      Type.Object({ segment: SegmentDefinition }, closed),
      Type.Object({ contactIds: Type.Array(id, { minItems: 1, maxItems: 100_000 }) }, closed),
      Type.Object({ phones: Type.Array(Type.String({ maxLength: 40 }), { minItems: 1, maxItems: 100_000 }) }, closed),
    ],
    { description: 'Looked for once, when it begins. Phones become contacts.' },
  ),
  ways: Type.Array(Way, { minItems: 1, maxItems: 10, description: 'Each person gets it by the first that reaches them.' }),
  windows: Type.Optional(
    Type.Array(
      Type.Object(
        {
          weekdays: Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), { minItems: 1, maxItems: 7 }),
          from: clockTime,
          to: clockTime,
          timeZone: Type.Optional(timeZone),
        },
        closed,
      ),
      {
        minItems: 1,
        maxItems: 20,
        description: 'Local hours of the recipient in which it is sent. The account’s quiet hours hold besides.',
      },
    ),
  ),
  timeZone: Type.Optional(timeZone),
  endAt: Type.Optional(Type.String({ format: 'date-time', description: 'Nobody gets it later. Absent: a week after it began.' })),
  perMinute: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 100_000, description: 'At most so many; the limits of the groups hold besides.' }),
  ),
  trial: Type.Optional(
    Type.Object(
      {
        share: Type.Integer({
          minimum: 1,
          maximum: 99,
          description: 'Percent of the audience that get one of the variants each.',
        }),
        minutes: Type.Integer({ minimum: 1, maximum: 10_080, description: 'How long is waited then.' }),
        by: Type.Enum(TRIAL_BY, { description: 'What decides which variant all others get; `hand`: POST …/winner.' }),
      },
      closed,
    ),
  ),
} as const;
const name = Type.String({ minLength: 1, maxLength: 200, examples: ['Новое меню'] });

export const NewBroadcast = Type.Object({ name, ...plan }, closed);
export type NewBroadcast = Static<typeof NewBroadcast>;
export const BroadcastPatch = Type.Object(
  { name: Type.Optional(name), plan: Type.Optional(Type.Object(plan, closed)) },
  { ...closed, minProperties: 1 },
);
export type BroadcastPatch = Static<typeof BroadcastPatch>;

export const Broadcast = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  state: Type.Enum(BROADCAST_STATES, { description: '`finished`: nobody waits and nothing is on its way out.' }),
  ...plan,
  audience: Type.Union([
    Type.Object({ segmentId: Type.Integer() }),
    Type.Object({ segment: SegmentDefinition }),
    Type.Object({ contacts: Type.Integer({ description: 'How many are on the list.' }) }),
  ]),
  problem: orNull(Type.String(), 'Why it was paused by itself; null: it was not.'),
  winner: orNull(Type.Integer(), 'The variant that all others get, from 0; null: none was chosen.'),
  startsAt: orNull(time(), 'When it was to begin.'),
  startedAt: orNull(time(), 'When it began.'),
  endedAt: orNull(time(), 'When it was stopped or finished.'),
  createdAt: time(),
});
export type Broadcast = Static<typeof Broadcast>;

const reasons = Type.Array(Type.Object({ reason: Type.String({ examples: ['never_wrote'] }), contacts: Type.Integer() }), {
  description: 'Why not, the most frequent first: docs/broadcasts.md explains each.',
});

export const BroadcastPreview = Type.Object({
  contacts: Type.Integer({ description: 'How many were looked at.' }),
  isWhole: Type.Boolean({ description: 'false: there are more than were looked at.' }),
  gets: Type.Integer(),
  later: Type.Integer({ description: 'Of those, how many have to wait for their hours.' }),
  getsNot: Type.Integer(),
  reasons,
  ways: Type.Array(Type.Integer(), { description: 'How many get it by which way, in their order.' }),
  samples: Type.Array(Type.Object({ contactId: Type.Integer(), text: Type.String() })),
});
export type BroadcastPreview = Static<typeof BroadcastPreview>;

export const BroadcastStart = Type.Object(
  {
    startAt: Type.Optional(
      Type.String({ format: 'date-time', description: 'Absent: now.', examples: ['2026-01-31T09:00:00+03:00'] }),
    ),
    confirmed: Type.Optional(
      Type.Integer({ minimum: 0, description: 'How many would get it, typed by a person; asked for above 500.' }),
    ),
  },
  closed,
);
export const BroadcastTest = Type.Object(
  { contactId: id, variant: Type.Optional(Type.Integer({ minimum: 0, maximum: 3, default: 0 })) },
  closed,
);
export const BroadcastTestSent = Type.Object({ messageId: Type.Integer(), text: Type.String() });
export const BroadcastWinner = Type.Object({ variant: Type.Integer({ minimum: 0, maximum: 3 }) }, closed);

const funnel = {
  sent: Type.Integer(),
  delivered: Type.Integer(),
  read: Type.Integer(),
  clicked: Type.Integer(),
  answered: Type.Integer({ description: 'Wrote within 72 hours.' }),
  unsubscribed: Type.Integer(),
} as const;
export const BroadcastReport = Type.Object({
  recipients: Type.Integer({ description: 'Whom it is for, as far as they have been found.' }),
  waiting: Type.Integer(),
  excluded: Type.Integer(),
  given: Type.Integer(),
  failed: Type.Integer({ description: 'Of those given, whom no network took it for.' }),
  funnel: Type.Object(funnel),
  variants: Type.Array(Type.Object({ variant: Type.Integer(), given: Type.Integer(), ...funnel })),
  reasons,
});
export type BroadcastReport = Static<typeof BroadcastReport>;

export const BroadcastRecipient = Type.Object({
  contactId: Type.Integer(),
  name: orNull(Type.String(), 'Of the contact.'),
  state: Type.Enum(['waiting', 'excluded', 'given']),
  status: orNull(Type.String(), 'Of the message, as in GET /vk/messages/{messageId}; null: none yet.'),
  reason: orNull(Type.String(), 'Why not.'),
  way: orNull(Type.Integer(), 'Its place among the ways.'),
  variant: orNull(Type.Integer(), 'Its place among the variants.'),
  messageId: orNull(Type.Integer(), 'null: nothing was given out.'),
  sentAt: orNull(time(), 'null: not yet, or never.'),
  deliveredAt: orNull(time(), 'null: not told.'),
  readAt: orNull(time(), 'null: not told.'),
  clickedAt: orNull(time(), 'null: no.'),
  answeredAt: orNull(time(), 'null: no.'),
  unsubscribedAt: orNull(time(), 'null: no.'),
});
export type BroadcastRecipient = Static<typeof BroadcastRecipient>;
