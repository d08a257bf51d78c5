import { type Static, Type } from 'typebox';

const url = (description: string) => Type.Union([Type.String({ maxLength: 2_048 }), Type.Null()], { description });

/** Local time, HH:MM. */
export const HOUR = '^([01][0-9]|2[0-3]):[0-5][0-9]$';

export const QuietHours = Type.Object(
  {
    from: Type.String({ pattern: HOUR, description: 'Local time of the recipient, HH:MM.', examples: ['21:00'] }),
    to: Type.String({
      pattern: HOUR,
      description: 'Not included; over midnight where it is earlier than `from`.',
      examples: ['09:00'],
    }),
    timeZone: Type.Optional(
      Type.String({
        description: 'IANA name, for phones that do not tell their zone. Absent: Europe/Moscow.',
        examples: ['Europe/Moscow'],
      }),
    ),
  },
  { additionalProperties: false },
);
export type QuietHours = Static<typeof QuietHours>;
const quietHours = (description: string) => Type.Union([QuietHours, Type.Null()], { description });

export const Account = Type.Object({
  id: Type.Integer(),
  name: Type.String({ description: 'The login of Basic authorization.' }),
  statusUrl: url('Where callbacks go of messages that name no status_url.'),
  incomingUrl: url('Where incoming messages are forwarded to.'),
  quietHours: quietHours('When no notification is sent; null: at any hour.'),
  callbackSecret: Type.String({ description: 'Signs callbacks (Standard Webhooks).', examples: ['whsec_…'] }),
});
export type Account = Static<typeof Account>;

export const CALLBACK_SECRET_KEEP_HOURS = { default: 24, max: 720 } as const;

export const CallbackSecretRotation = Type.Object(
  {
    keepOldForHours: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: CALLBACK_SECRET_KEEP_HOURS.max,
        default: CALLBACK_SECRET_KEEP_HOURS.default,
        description: 'How long the old secret signs beside the new one; 0 ends it at once.',
      }),
    ),
  },
  { additionalProperties: false },
);

export const CallbackSecret = Type.Object({
  callbackSecret: Type.String({ description: 'Signs from now on.', examples: ['whsec_…'] }),
  oldSignsUntil: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
});

export const AccountPatch = Type.Object(
  {
    statusUrl: Type.Optional(url('null removes it.')),
    incomingUrl: Type.Optional(url('null removes it.')),
    quietHours: Type.Optional(quietHours('null ends them. They hold for what is accepted from then on.')),
  },
  { additionalProperties: false, minProperties: 1, examples: [{ quietHours: { from: '21:00', to: '09:00' } }] },
);
export type AccountPatch = Static<typeof AccountPatch>;
