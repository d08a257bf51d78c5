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

export const AccountPatch = Type.Object(
  {
    statusUrl: Type.Optional(url('null removes it.')),
    incomingUrl: Type.Optional(url('null removes it.')),
  },
  { additionalProperties: false, minProperties: 1 },
);
export type AccountPatch = Static<typeof AccountPatch>;
