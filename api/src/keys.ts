import { type Static, Type } from 'typebox';
import { API_SCOPES } from './rights.ts';

const name = Type.String({ minLength: 1, maxLength: 100, description: 'What it is for.', examples: ['till'] });
const scopes = Type.Array(Type.Enum(API_SCOPES), {
  minItems: 1,
  uniqueItems: true,
  description: '`send`: send and cancel. `read`: messages and dialogs. `admin`: the account.',
  examples: [['send', 'read']],
});
const time = Type.String({ format: 'date-time' });

/** A key of the account, without the secret in it. */
export const ApiKey = Type.Object({
  id: Type.String({ description: 'The middle part of the key.', examples: ['0f3a5c7e9b1d2f40'] }),
  name,
  scopes,
  masked: Type.String({ description: 'As much of the key as is shown.', examples: ['soroka_0f3a5c7e9b1d2f40_****'] }),
  createdAt: time,
  revokedAt: Type.Union([time, Type.Null()], { description: 'Since when it is refused.' }),
});
export type ApiKey = Static<typeof ApiKey>;

export const NewApiKey = Type.Object({ name, scopes }, { additionalProperties: false });
export type NewApiKey = Static<typeof NewApiKey>;

export const MadeApiKey = Type.Object({
  ...ApiKey.properties,
  key: Type.String({ description: 'The whole key. It is shown this once.', examples: ['soroka_0f3a5c7e9b1d2f40_…'] }),
});
