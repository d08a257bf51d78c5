import { SCOPES } from '../accounts/accounts.ts';
import type { Command } from './command.ts';
import { choicesFlag } from './values.ts';
import { openWorkplace } from './workplace.ts';

/** For every command that works inside one account. */
export const ACCOUNT_FLAG = { value: 'NAME', meaning: 'The account. May be left out where there is only one.' };

export const ACCOUNT_COMMANDS: readonly Command[] = [
  {
    name: 'account create',
    summary: 'Make an account: keys, senders, templates, contacts and dialogs belong to one.',
    arguments: ['NAME'],
    flags: {
      'status-url': { value: 'URL', meaning: 'Where callbacks of messages go that name no status_url.' },
      'incoming-url': { value: 'URL', meaning: 'Where incoming messages are forwarded to.' },
    },
    help: `
The name is also the login of Basic authorization. The secret that signs callbacks is shown by GET /v1/account.

  soroka account create pizzeria --status-url https://pizzeria.example/statuses`,
    async run(given, surroundings) {
      const [statusUrl, incomingUrl] = [given.flag('status-url') ?? null, given.flag('incoming-url') ?? null];
      await using place = await openWorkplace(surroundings);
      const account = await place.accounts.create(given.arguments[0] ?? '', { statusUrl, incomingUrl });
      const { id, name } = account;
      await place.noted(id, 'account.added', 'account');
      return {
        kind: 'record',
        fields: { id, name, statusUrl, incomingUrl },
        note: `Next, a key: soroka key create --account ${name} --name first`,
      };
    },
  },
  {
    name: 'key create',
    summary: 'Make an API key and print it, this once.',
    flags: {
      account: ACCOUNT_FLAG,
      name: { value: 'NAME', meaning: 'What the key is for; shown in lists. Required.' },
      scopes: { value: 'LIST', meaning: `What it may do, by comma: ${SCOPES.join(', ')}. Default: send,read.` },
    },
    help: `
"send" may send and cancel messages, "read" may read messages and dialogs, "admin" may change the account. Only a hash of
the key is stored: who loses it makes a new one. Into a pipe goes the key alone.

  soroka key create --account pizzeria --name till --scopes send,read
  KEY=$(soroka key create --account pizzeria --name script)`,
    async run(given, surroundings) {
      const name = given.required('name');
      const scopes = choicesFlag(given, 'scopes', SCOPES) ?? ['send', 'read'];
      await using place = await openWorkplace(surroundings);
      const account = await place.account(given.flag('account'));
      const { id, key } = await place.accounts.createKey(account.id, { name, scopes });
      await place.noted(account.id, 'key.added', `key:${id}`, ['name', 'scopes']);
      return {
        kind: 'value',
        value: key,
        note: `Key ${id} of ${account.name} may ${scopes.join(', ')}. Keep it: it is shown this once.`,
        fields: { id, account: account.name, name, scopes, key },
      };
    },
  },
  {
    name: 'key list',
    summary: 'Show the API keys of an account, without their secrets.',
    flags: { account: ACCOUNT_FLAG },
    help: `
Revoked ones stay in it: their ids stand in the audit log.

  soroka key list --account pizzeria`,
    async run(given, surroundings) {
      await using place = await openWorkplace(surroundings);
      const account = await place.account(given.flag('account'));
      const rows = (await place.accounts.listKeys(account.id)).map(({ id, name, scopes, createdAt, revokedAt }) => ({
        ...{ id, name, scopes, created: createdAt.toISOString(), revoked: revokedAt?.toISOString() ?? null },
      }));
      return { kind: 'list', columns: ['id', 'name', 'scopes', 'created', 'revoked'], rows };
    },
  },
  {
    name: 'key revoke',
    summary: 'Refuse an API key from now on.',
    arguments: ['ID'],
    flags: { account: ACCOUNT_FLAG },
    help: `
The id is the middle part of the key, soroka_ID_…; a whole key is taken too. Running servers refuse it within a second.

  soroka key revoke 0f3a5c7e9b1d2f40 --account pizzeria`,
    async run(given, surroundings) {
      const word = given.arguments[0] ?? '';
      const id = /^soroka_([0-9a-f]+)_[0-9a-f]+$/.exec(word)?.[1] ?? word;
      await using place = await openWorkplace(surroundings);
      const account = await place.account(given.flag('account'));
      if (await place.accounts.revokeKey(account.id, id)) {
        await place.noted(account.id, 'key.revoked', `key:${id}`);
        return { kind: 'done', sentence: `Key ${id} of ${account.name} is revoked.` };
      }
      throw new Error(`The account ${account.name} has no live key ${id}.`);
    },
  },
];
