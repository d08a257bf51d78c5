import { type Static, Type } from 'typebox';

const url = (description: string) => Type.Union([Type.String({ maxLength: 2_048 }), Type.Null()], { description });

export const Account = Type.Object({
  id: Type.Integer(),
  name: Type.String({ description: 'The login of Basic authorization.' }),
  statusUrl: url('Where callbacks go of messages that name no status_url.'),
  incomingUrl: url('Where incoming messages are forwarded to.'),
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
  },
  { additionalProperties: false, minProperties: 1 },
);
export type AccountPatch = Static<typeof AccountPatch>;
