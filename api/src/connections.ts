import { type Static, Type } from 'typebox';
import { CHANNEL_KINDS } from './channels.ts';

const RECEIVE = ['webhook', 'long-poll', 'off'] as const;
const timeOrNull = (description: string) => Type.Union([Type.String({ format: 'date-time' }), Type.Null()], { description });

const kind = Type.Enum(CHANNEL_KINDS, { description: '`notify`: an upstream that knows people by phone.', examples: ['vk'] });
const receive = Type.Enum(RECEIVE, {
  description: 'How events come: the network calls us, we ask it, or not at all. An upstream can only call.',
  examples: ['long-poll'],
});
const rate = Type.Integer({ minimum: 1, maximum: 10_000 });
const settings = Type.Object(
  {
    callsPerSecond: Type.Optional(Type.Integer({ ...rate, description: "A group's: calls that the network allows it." })),
    messagesPerSecond: Type.Optional(Type.Integer({ ...rate, description: 'Notifications of the group a second. Default: 50.' })),
    perDay: Type.Optional(
      Type.Union([rate, Type.Null()], {
        description: 'Notifications to one person in any 24 hours; null: no limit. Default: 5.',
      }),
    ),
    perDayMode: Type.Optional(
      Type.Enum(['refuse', 'wait'], { description: 'Over that: refuse the route (default), or wait inside the ttl.' }),
    ),
    textCharactersMax: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, description: "A group's: the longest text." })),
    dedup: Type.Optional(Type.Boolean({ description: "An upstream's: it drops what comes twice with one clientMessageId." })),
    service: Type.Optional(
      Type.String({ minLength: 1, maxLength: 100, description: "An upstream's: its name of the sender, where that is another." }),
    ),
    confirmation: Type.Optional(
      Type.String({ pattern: '^[!-~]{1,200}$', description: "OK's: the text that an application confirms its webhook with." }),
    ),
  },
  { additionalProperties: false, description: 'What is not set has its default.' },
);

const secret = (description: string, example: string) =>
  Type.String({ minLength: 1, maxLength: 2_000, description, examples: [example] });
const token = secret("VK: the community's token. OK: the group's Graph token. notify: the upstream's API key.", 'vk1.a.…');
const webhookSecret = secret('VK: the secret of the Callback API. Absent: one is made.', 'a7b3…');
const application = Type.Object(
  {
    id: secret('Its id.', '1246100000'),
    key: secret('Its public key.', 'CBADEMOKEY'),
    secret: secret('Its secret key.', 'DEMOAPPSECRET'),
  },
  { additionalProperties: false, description: "OK: the application that the group's calls of the REST API are signed with." },
);

/** A group with its credentials, or an upstream; the secrets are never shown. */
export const Connection = Type.Object({
  id: Type.Integer(),
  kind,
  groupId: Type.Union([Type.String(), Type.Null()], { description: "The network's id of the group; null for an upstream." }),
  baseUrl: Type.String({ description: "Root of the network's API." }),
  receive,
  settings,
  token: Type.String({ description: 'Masked.', examples: ['****9f3c'] }),
  pausedReason: Type.Union([Type.String(), Type.Null()], { description: 'Why its messages wait; null: they are sent.' }),
  health: Type.Object(
    {
      lastEventAt: timeOrNull('When an event last came.'),
      subscribedAt: timeOrNull('When the network was last seen to have our address.'),
      problem: Type.Union([Type.Enum(['token', 'webhook', 'long-poll']), Type.Null()], { description: 'What does not work.' }),
      detail: Type.Union([Type.String(), Type.Null()], { description: 'What the network, or the call, said.' }),
      since: timeOrNull('Since when.'),
    },
    { description: 'As the servers have noted it; all null where none has looked yet.' },
  ),
});
export type Connection = Static<typeof Connection>;

export const NewConnection = Type.Object(
  {
    kind,
    token,
    groupId: Type.Optional(
      Type.String({
        pattern: '^[0-9]{1,20}$',
        description: 'Absent: the token tells. Given: it must be the group of the token.',
      }),
    ),
    baseUrl: Type.Optional(
      Type.String({
        maxLength: 2_048,
        description: 'notify: root of its API, before `/vk/messages`. Groups have that of the server.',
      }),
    ),
    receive: Type.Optional(receive),
    settings: Type.Optional(settings),
    webhookSecret: Type.Optional(webhookSecret),
    application: Type.Optional(application),
  },
  { additionalProperties: false, examples: [{ kind: 'ok', token: 'tkn18YdUJZe:CQABPOJKAKEKEKEKE', receive: 'long-poll' }] },
);
export type NewConnection = Static<typeof NewConnection>;

export const ConnectionPatch = Type.Object(
  {
    token: Type.Optional(token),
    receive: Type.Optional(receive),
    settings: Type.Optional(settings),
    webhookSecret: Type.Optional(webhookSecret),
    application: Type.Optional(application),
    isPaused: Type.Optional(Type.Boolean({ description: 'true: its messages wait, and their ttl runs. false: they go on.' })),
    newWebhookUrl: Type.Optional(Type.Literal(true, { description: 'Makes another address for events; the old one is closed.' })),
  },
  { additionalProperties: false, minProperties: 1, examples: [{ settings: { perDay: 10 } }] },
);
export type ConnectionPatch = Static<typeof ConnectionPatch>;

/** A connection that was just set up, and what came of it. */
export const ConnectionSetUp = Type.Object({
  connection: Connection,
  webhookUrl: Type.Union([Type.String(), Type.Null()], {
    description:
      'Where events come in: a secret, shown where it is new. For an upstream, the stem of `/incoming` and `/statuses`.',
  }),
  did: Type.Array(Type.String(), { description: 'What was done at the network. Sentences.' }),
  left: Type.Array(Type.String(), { description: 'What is left to do for you. Sentences.' }),
});
export type ConnectionSetUp = Static<typeof ConnectionSetUp>;

/** What the doctor found at one connection. */
export const ConnectionFindings = Type.Object({
  isGood: Type.Boolean({ description: 'Nothing is bad.' }),
  findings: Type.Array(
    Type.Object({
      name: Type.String({ examples: ['token'] }),
      state: Type.Enum(['good', 'bad', 'unknown'], { description: '`unknown`: it could not be told, which is no error.' }),
      found: Type.String(),
      advice: Type.Union([Type.String(), Type.Null()], { description: 'What to do.' }),
    }),
  ),
});
export type ConnectionFindings = Static<typeof ConnectionFindings>;
