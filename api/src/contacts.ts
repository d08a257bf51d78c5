import { type Static, Type } from 'typebox';

const time = () => Type.String({ format: 'date-time', examples: ['2026-01-31T09:00:00Z'] });
const orNull = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema, description: string) =>
  Type.Union([schema, Type.Null()], { description });
const closed = { additionalProperties: false } as const;

const NETWORKS = ['vk', 'ok'] as const;
const groupKey = Type.String({ pattern: '^(VK|OK):[0-9]{1,20}$', examples: ['VK:213243638'] });
const userId = Type.String({ pattern: '^[0-9]{1,20}$', examples: ['37119444'] });
const phone = Type.String({
  maxLength: 40,
  description: 'As people write it; stored as digits of E.164.',
  examples: ['79999999999'],
});
const name = Type.String({ maxLength: 200, examples: ['Анна Белова'] });
const labels = Type.Array(Type.String({ maxLength: 64, examples: ['постоянный'] }), { maxItems: 100 });
const variable = Type.Union([Type.String({ maxLength: 4_096 }), Type.Number(), Type.Boolean()]);
const variables = Type.Record(Type.String(), variable, {
  description: 'What texts may use besides the name: letters, digits, _ and - in their names.',
  examples: [{ город: 'Казань', orders: 3 }],
});

export const CONTACT_SOURCES = ['vk', 'ok', 'import', 'api', 'notification', 'unknown'] as const;

/** A person as the account knows them. */
export const Contact = Type.Object({
  id: Type.Integer(),
  name: orNull(Type.String(), 'As the account or the network calls them.'),
  phone: orNull(Type.String(), 'Digits of E.164 without the plus.'),
  furtherPhones: Type.Array(Type.String(), { description: 'Of contacts that were merged into this one.' }),
  labels: Type.Array(Type.String()),
  variables: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
  source: Type.Enum(CONTACT_SOURCES, { description: 'Where they became known first.' }),
  identities: Type.Array(Type.Object({ network: Type.Enum(NETWORKS), userId: Type.String() })),
  consent: orNull(Type.String(), 'Where the permission to write came from, as the last import said.'),
  optedOutAt: orNull(time(), 'Since when they want nothing from the account; null: they do.'),
  groupOptOuts: Type.Array(Type.Object({ group: Type.String({ examples: ['VK:213243638'] }), at: time() })),
  createdAt: time(),
});
export type Contact = Static<typeof Contact>;

export const NewContact = Type.Object(
  {
    name: Type.Optional(name),
    phone: Type.Optional(phone),
    labels: Type.Optional(labels),
    variables: Type.Optional(variables),
    vk: Type.Optional(userId),
    ok: Type.Optional(userId),
  },
  { ...closed, minProperties: 1 },
);
export type NewContact = Static<typeof NewContact>;

export const ContactPatch = Type.Object(
  {
    name: Type.Optional(orNull(name, 'null: none.')),
    phone: Type.Optional(orNull(phone, 'null: none.')),
    labels: Type.Optional(labels),
    variables: Type.Optional(
      Type.Record(Type.String(), Type.Union([variable, Type.Null()]), {
        description: 'Those that are named change; null removes one.',
        examples: [{ orders: 4 }],
      }),
    ),
  },
  { ...closed, minProperties: 1 },
);
export type ContactPatch = Static<typeof ContactPatch>;

export const ConsentChange = Type.Object(
  {
    allowed: Type.Boolean({ description: 'Whether they want to be written to.', examples: [false] }),
    group: Type.Optional(groupKey),
    detail: Type.Optional(Type.String({ maxLength: 500, description: 'Where they said so.', examples: ['звонок 31 января'] })),
  },
  closed,
);
export type ConsentChange = Static<typeof ConsentChange>;

export const ConsentEntry = Type.Object({
  id: Type.Integer(),
  group: orNull(Type.String({ examples: ['VK:213243638'] }), 'null: all of the account.'),
  allowed: Type.Boolean(),
  source: Type.Enum(['api', 'import', 'command', 'word', 'button', 'network', 'bot']),
  detail: orNull(Type.String(), 'In the account’s words.'),
  at: time(),
});
export type ConsentEntry = Static<typeof ConsentEntry>;

export const ContactMerge = Type.Object(
  {
    contactId: Type.Integer({
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'Who becomes part of the contact of the path.',
    }),
  },
  closed,
);
export type ContactMerge = Static<typeof ContactMerge>;

export const Merge = Type.Object({
  id: Type.Integer(),
  keptId: Type.Integer(),
  goneId: Type.Integer(),
  at: time(),
  undoneAt: orNull(time(), 'null: it holds.'),
});
export type Merge = Static<typeof Merge>;

/** The text of a CSV file. */
export const ContactsCsv = Type.String({
  description:
    'Columns phone, name, vk, ok, labels (separated by |), consent, consent_at and var.NAME, named by the first line; commas, semicolons or tabs; UTF-8.',
  examples: ['phone,name,labels,consent,var.город\n+7 999 999-99-99,Анна,постоянный,анкета на сайте,Казань\n'],
});

export const ContactsImported = Type.Object({
  dryRun: Type.Boolean(),
  lines: Type.Integer({ description: 'With something in them, without the first.' }),
  added: Type.Integer(),
  updated: Type.Integer(),
  refused: Type.Integer(),
  refusals: Type.Array(
    Type.Object({
      line: Type.Integer({ description: 'From 1.' }),
      column: orNull(Type.String(), 'null: the whole line.'),
      message: Type.String(),
    }),
    { description: 'The first 1000 of them.' },
  ),
});
export type ContactsImported = Static<typeof ContactsImported>;
