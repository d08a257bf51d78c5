import { type Static, Type } from 'typebox';
import { MESSAGE_CLASSES } from './messages.ts';
import { ROUTES } from './statuses.ts';

const time = Type.String({ format: 'date-time' });
const timeOrNull = Type.Union([time, Type.Null()]);
const ID_MAX = 2_147_483_647;
const TEXT = 'Здравствуйте, {{ name }}! Ваша {{ pizza }} готова.';

const id = Type.Integer({ minimum: 1, maximum: ID_MAX, description: '`templateId` of a message.' });
const name = Type.String({ minLength: 1, maxLength: 100, description: '`tmpl` of a message.', examples: ['order_ready'] });
const text = Type.String({
  minLength: 1,
  maxLength: 10_000,
  description: 'Liquid: variables, some filters, conditions.',
  examples: [TEXT],
});
const routes = Type.Array(Type.Enum(ROUTES), {
  minItems: 1,
  maxItems: ROUTES.length,
  uniqueItems: true,
  description: 'Networks it may go to, in its own order. Default: VK, OK.',
  examples: [['VK', 'OK']],
});
const upstream = Type.Object(
  {
    templateId: Type.Optional(Type.Integer({ minimum: 1, maximum: ID_MAX })),
    tmpl: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  },
  { additionalProperties: false, description: 'Its names at the notify upstream, where they differ.' },
);
const intent = Type.Union([Type.String({ maxLength: 100 }), Type.Null()], {
  description: 'VK: why the group may write first; null: nothing is said.',
  examples: ['confirmed_notification'],
});
const unknownOutcome = Type.Enum(['resend', 'stop'], {
  description: 'After a call without an answer to OK, which cannot recognise a repeat. Default: resend.',
});
const ownClass = Type.Union([Type.Enum(MESSAGE_CLASSES), Type.Null()], { description: 'Of its messages that name none.' });
const senderIds = Type.Array(Type.Integer({ minimum: 1 }), {
  maxItems: 1_000,
  uniqueItems: true,
  description: 'Senders that may use it.',
  examples: [[1]],
});
const variables = Type.Array(Type.String(), { description: 'Each must be given, and no other.', examples: [['name', 'pizza']] });

export const TEMPLATE_VERSION_STATES = ['draft', 'approved', 'archived'] as const;

/** What a template says or said; never changed. */
export const TemplateVersion = Type.Object({
  version: Type.Integer({ description: 'From 1 on.' }),
  state: Type.Enum(TEMPLATE_VERSION_STATES, { description: 'One at most is approved.' }),
  text,
  variables,
  upstream,
  createdAt: time,
  createdBy: Type.String({ description: '`operator:5`, `key:0f3a…`, or `command`: the command line.' }),
  approvedAt: timeOrNull,
  approvedBy: Type.Union([Type.String(), Type.Null()]),
});
export type TemplateVersion = Static<typeof TemplateVersion>;

export const Template = Type.Object({
  id,
  name,
  version: Type.Union([Type.Integer(), Type.Null()], { description: 'The approved one; null: nothing can be sent with it.' }),
  text: Type.Union([text, Type.Null()], { description: 'Of the approved version.' }),
  variables,
  routes,
  upstream,
  intent,
  unknownOutcome,
  class: ownClass,
  senderIds,
});
export type Template = Static<typeof Template>;

export const TemplateDetails = Type.Object({
  ...Template.properties,
  versions: Type.Array(TemplateVersion, { description: 'Newest first.' }),
});
export type TemplateDetails = Static<typeof TemplateDetails>;

export const NewTemplate = Type.Object(
  {
    id: Type.Optional(Type.Integer({ ...id, description: 'Absent: the next after all of the account.' })),
    name,
    text,
    routes: Type.Optional(routes),
    upstream: Type.Optional(upstream),
    intent: Type.Optional(intent),
    unknownOutcome: Type.Optional(unknownOutcome),
    class: Type.Optional(ownClass),
    senderIds: Type.Optional(senderIds),
  },
  { additionalProperties: false, examples: [{ name: 'order_ready', text: TEXT, senderIds: [1] }] },
);
export type NewTemplate = Static<typeof NewTemplate>;

export const TemplatePatch = Type.Object(
  {
    routes: Type.Optional(routes),
    intent: Type.Optional(intent),
    unknownOutcome: Type.Optional(unknownOutcome),
    class: Type.Optional(ownClass),
    senderIds: Type.Optional(senderIds),
  },
  { additionalProperties: false, minProperties: 1, examples: [{ routes: ['VK'] }] },
);
export type TemplatePatch = Static<typeof TemplatePatch>;

export const NewTemplateVersion = Type.Object(
  { text, upstream: Type.Optional(upstream) },
  { additionalProperties: false, examples: [{ text: '{{ name }}, ваша {{ pizza }} готова.' }] },
);
export type NewTemplateVersion = Static<typeof NewTemplateVersion>;

export const TemplatePreviewRequest = Type.Object(
  {
    text,
    variables: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: 'Strings, numbers and booleans. As `tmpl_data` of a message.',
        examples: [{ name: 'Anna', pizza: 'Margarita' }],
      }),
    ),
  },
  { additionalProperties: false },
);
export type TemplatePreviewRequest = Static<typeof TemplatePreviewRequest>;

export const TemplatePreview = Type.Object({
  variables,
  text: Type.Union([Type.String(), Type.Null()], { description: 'As the person gets it; null where a problem stands below.' }),
  characters: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Of that text; 2048 are allowed, and less on some groups.',
  }),
  problems: Type.Array(
    Type.Object({
      variable: Type.String(),
      problem: Type.Enum(['missing', 'extra', 'type'], {
        description: '`missing`: give it. `extra`: the template has none. `type`: no string, number or boolean.',
      }),
    }),
  ),
});
export type TemplatePreview = Static<typeof TemplatePreview>;
