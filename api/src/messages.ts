import { type Static, Type } from 'typebox';
import { HOUR } from './account.ts';
import { ROUTES, STATUSES } from './statuses.ts';

/** Limits of one POST /vk/messages. Source: contracts of POST /vk/messages, "Request" and "Answer". */
export const SEND_LIMITS = {
  messagesMax: 1_000,
  bodyBytesMax: 4 * 1024 * 1024,
  jsonDepthMax: 32,
  callbackDataBytesMax: 4_096,
  clientMessageIdCharactersMax: 100,
  ttlSecondsMin: 60,
  ttlSecondsMax: 86_400,
  /** Of the older form, whose vendor documented 15 (docs.devino.online/en/http/vk_ok). */
  validitySecondsMin: 15,
} as const;

export const DELIVERY_POLICIES = ['any', 'mobile_device_required', 'verified_phone_number'] as const;

/** What a message is to its customer: a group's slots are shared among them by weight, none goes strictly first. */
export const MESSAGE_CLASSES = ['transactional', 'service', 'broadcast'] as const;
export type MessageClass = (typeof MESSAGE_CLASSES)[number];

/** The template's number is stored as a 32-bit integer. */
const templateId = Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: 'Number of the template.', examples: [4] });

const routes = Type.Array(Type.Enum(ROUTES), {
  minItems: 1,
  maxItems: ROUTES.length,
  uniqueItems: true,
  description: 'Networks in the order of use, each once. Absent: the order of the template.',
  examples: [['VK', 'OK']],
});

const deliveryPolicy = Type.String({
  description: `One of ${DELIVERY_POLICIES.join(', ')}, in any letter case. Absent: any.`,
  examples: ['ANY'],
});

const Step = Type.Object(
  {
    route: Type.Enum(ROUTES),
    timeout: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: SEND_LIMITS.ttlSecondsMax,
        description: 'Seconds to wait for `success` before the next step.',
      }),
    ),
    success: Type.Optional(
      Type.Enum(['SENT', 'DELIVERED', 'READ'], {
        description: 'What ends the waiting; must be something that the provider of the route reports.',
      }),
    ),
  },
  { additionalProperties: false },
);

export const Window = Type.Object(
  {
    weekdays: Type.Optional(
      Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), {
        minItems: 1,
        maxItems: 7,
        uniqueItems: true,
        description: '1 is Monday. Absent: every day.',
      }),
    ),
    from: Type.String({ pattern: HOUR, description: 'Local time, HH:MM.', examples: ['09:00'] }),
    to: Type.String({
      pattern: `${HOUR}|^24:00$`,
      description: 'Local time, not included; later than `from`.',
      examples: ['21:00'],
    }),
    timeZone: Type.Optional(
      Type.String({ description: "IANA name. Absent: the zone of the recipient's phone.", examples: ['Europe/Moscow'] }),
    ),
  },
  { additionalProperties: false },
);

const clientMessageId = Type.String({
  minLength: 1,
  maxLength: SEND_LIMITS.clientMessageIdCharactersMax,
  description: 'Your own id: repeated within 24 hours it gives the same messageId and sends nothing.',
});

/** One item of the bare array. */
export const Message = Type.Object(
  {
    phone: Type.String({
      description:
        'Mobile number in E.164, with or without the plus; spaces, brackets, dashes and a leading Russian 8 are understood.',
      examples: ['79999999999'],
    }),
    service: Type.String({ minLength: 1, maxLength: 200, description: 'Name of the approved sender.', examples: ['Group_name'] }),
    templateId: Type.Optional(templateId),
    tmpl: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: 'Name of the template; with templateId it must name the same one.',
        examples: ['base_template'],
      }),
    ),
    tmpl_data: Type.Optional(
      Type.Object(
        {},
        {
          additionalProperties: true,
          description: 'Exactly the variables of the template.',
          examples: [{ name: 'Anna', pizza: 'Margarita' }],
        },
      ),
    ),
    routes: Type.Optional(routes),
    steps: Type.Optional(
      Type.Array(Step, {
        minItems: 1,
        maxItems: ROUTES.length,
        description: 'Instead of routes: when to go on to the next network.',
        examples: [[{ route: 'VK', timeout: 120, success: 'DELIVERED' }, { route: 'OK' }]],
      }),
    ),
    delivery_policy: Type.Optional(deliveryPolicy),
    class: Type.Optional(
      Type.Enum(MESSAGE_CLASSES, {
        description:
          "How its group's slots are shared while several wait: 4, 2 and 1 in turn. Absent: the template's, else service.",
        examples: ['transactional'],
      }),
    ),
    ttl: Type.Optional(
      Type.Integer({
        minimum: SEND_LIMITS.ttlSecondsMin,
        maximum: SEND_LIMITS.ttlSecondsMax,
        description: 'Seconds to live, counted from acceptance. Absent: 86400.',
        examples: [60],
      }),
    ),
    status_url: Type.Optional(
      Type.String({
        maxLength: 2_048,
        description: "http or https URL for callbacks. Absent: the account's own.",
        examples: ['http://your.website.com/'],
      }),
    ),
    callbackData: Type.Optional(
      Type.Object(
        {},
        {
          additionalProperties: true,
          description: 'Echoed exactly in every callback of this message; at most 4096 bytes of JSON.',
        },
      ),
    ),
    clientMessageId: Type.Optional(clientMessageId),
    sendAt: Type.Optional(
      Type.String({
        description: 'Not before this time, ISO 8601 with its zone; must lie within the ttl.',
        examples: ['2026-01-31T09:00:00+03:00'],
      }),
    ),
    windows: Type.Optional(
      Type.Array(Window, {
        minItems: 1,
        maxItems: 20,
        description: 'Local hours in which the message may be sent; any one of them is enough.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type Message = Static<typeof Message>;

/**
 * One item of the older form. Its published example gives `to` as a number and its table `templateId` and
 * `callbackData` as strings, so both are taken. Source: docs.devino.online/en/http/vk_ok, an earlier version.
 */
export const OlderMessage = Type.Object(
  {
    to: Type.Union([Type.String(), Type.Integer()], { description: 'As phone.', examples: ['79999999999'] }),
    service: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'The form had none. Absent: the first sender that the template is approved for.',
      }),
    ),
    templateId: Type.Union([templateId, Type.String({ pattern: '^[1-9][0-9]{0,8}$' })]),
    templateData: Type.Optional(Type.Object({}, { additionalProperties: true, description: 'As tmpl_data.' })),
    routes: Type.Optional(routes),
    deliveryPolicy: Type.Optional(deliveryPolicy),
    validity: Type.Optional(
      Type.Integer({
        minimum: SEND_LIMITS.validitySecondsMin,
        maximum: SEND_LIMITS.ttlSecondsMax,
        description: 'As ttl, from 15 seconds.',
      }),
    ),
    pushToken: Type.Optional(Type.String({ description: 'Taken and ignored.' })),
    callbackData: Type.Optional(Type.Union([Type.Object({}, { additionalProperties: true }), Type.String()])),
    callbackUrl: Type.Optional(Type.String({ maxLength: 2_048, description: 'As status_url.' })),
    clientMessageId: Type.Optional(clientMessageId),
  },
  { additionalProperties: false },
);
export type OlderMessage = Static<typeof OlderMessage>;

export const SendRequest = Type.Union([
  Type.Array(Message, { minItems: 1, maxItems: SEND_LIMITS.messagesMax }),
  Type.Object(
    { messages: Type.Array(OlderMessage, { minItems: 1, maxItems: SEND_LIMITS.messagesMax }) },
    { additionalProperties: false },
  ),
]);

const HistoryEntry = Type.Object({
  status: Type.Enum(STATUSES),
  channel: Type.Enum(ROUTES),
  ts: Type.Integer({ description: 'Milliseconds since 1970.' }),
  errorCode: Type.Integer({ description: '0 for progress; see docs/errors.md.' }),
  evidence: Type.Optional(Type.Literal(true, { description: "A provider's late word: kept, not called back." })),
});

/** What GET shows of a message. */
export const MessageDetails = Type.Object({
  messageId: Type.Integer(),
  status: Type.Enum(STATUSES),
  channel: Type.Enum(ROUTES, { description: 'The route in use, finally the one used.' }),
  phone: Type.Union([Type.String(), Type.Null()]),
  service: Type.Union([Type.String(), Type.Null()]),
  templateId: Type.Union([Type.Integer(), Type.Null()]),
  class: Type.Enum(MESSAGE_CLASSES),
  text: Type.String({ description: 'As rendered.' }),
  createdAt: Type.String({ format: 'date-time' }),
  expiresAt: Type.String({ format: 'date-time' }),
  callbackData: Type.Unknown({ description: 'As given; null if none was.' }),
  history: Type.Array(HistoryEntry),
});
export type MessageDetails = Static<typeof MessageDetails>;

/** One callback body is an array of these. */
export const StatusCallback = Type.Object({
  channel: Type.Enum(ROUTES),
  messageId: Type.String({ description: 'The id of the answer, as decimal digits.', examples: ['3721115754893245581'] }),
  ts: Type.Integer({ description: 'Milliseconds since 1970.', examples: [1672137286244] }),
  status: Type.Enum(STATUSES.filter((status) => status !== 'QUEUED' && status !== 'CANCELLED')),
  errorCode: Type.Integer({ examples: [0] }),
  callbackData: Type.Optional(Type.Unknown()),
});
