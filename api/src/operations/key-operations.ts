import { Type } from 'typebox';
import { listOf } from '../answers.ts';
import { ApiKey, MadeApiKey, NewApiKey } from '../keys.ts';
import { BODY_ERRORS, type Operation } from './operation.ts';

/** Keys of the account. */
export const KEY_OPERATIONS = {
  listKeys: {
    method: 'GET',
    path: '/v1/keys',
    right: 'account',
    refusals: 'error',
    tag: 'Account',
    summary: 'List API keys',
    answer: { description: 'All of the account, revoked ones too; the oldest first.', schema: listOf(ApiKey) },
    errors: [],
  },
  addKey: {
    method: 'POST',
    path: '/v1/keys',
    right: 'account',
    refusals: 'error',
    audit: { action: 'key.added', object: 'key:{id}' },
    tag: 'Account',
    summary: 'Make an API key',
    description: 'Nobody gives a key more rights than they have.',
    body: NewApiKey,
    answer: { description: 'The key, this once.', schema: MadeApiKey },
    errors: [...BODY_ERRORS, 'parameter.invalid', 'origin.foreign'],
  },
  revokeKey: {
    method: 'DELETE',
    path: '/v1/keys/{keyId}',
    right: 'account',
    refusals: 'error',
    audit: { action: 'key.revoked', object: 'key:{keyId}' },
    tag: 'Account',
    summary: 'Revoke an API key',
    description: 'It is refused everywhere within a second.',
    pathParameters: { keyId: Type.String({ pattern: '^[0-9a-f]{16}$', examples: ['0f3a5c7e9b1d2f40'] }) },
    answer: { description: 'The key, revoked.', schema: ApiKey },
    errors: ['origin.foreign', 'not.found'],
  },
} as const satisfies Record<string, Operation>;
