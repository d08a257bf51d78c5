import type { Network } from '@soroka/channels';
import { type Connection, type NewCredentials, namedGroup } from '../connections/connections.ts';
import { ACCOUNT_FLAG } from './account-commands.ts';
import {
  type Answer,
  type Cell,
  type Command,
  type Flag,
  type Given,
  type Surroundings,
  UsageError,
  type Work,
} from './command.ts';
import {
  APPLICATION_FLAGS,
  credentialsOf,
  GROUP_SETTING_FLAGS,
  NOTIFY_SETTING_FLAGS,
  RECEIVE,
  RECEIVE_FLAG,
  SECRET_FLAGS,
  settingsOf,
  TOKEN_FLAGS,
} from './connection-flags.ts';
import { importHistory } from './connection-import.ts';
import { masked } from './output.ts';
import { identify, setUp } from './set-up.ts';
import { choiceFlag, integerArgument } from './values.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

const GROUP_FLAG: Flag = { value: 'ID', meaning: "The network's id of the group, digits only. Default: the token tells." };
const OFFLINE_FLAG: Flag = { meaning: 'Ask the network nothing: only write it down. Then --group is needed.' };
const INTAKE_FLAG: Flag = { value: 'TOKEN', meaning: 'The secret part of the hook address. Made where it is not given.' };

export const CONNECTION_COMMANDS: readonly Command[] = [
  {
    name: 'connection add vk',
    summary: 'Connect a VK community by its token.',
    flags: {
      account: ACCOUNT_FLAG,
      group: GROUP_FLAG,
      ...TOKEN_FLAGS,
      ...SECRET_FLAGS,
      'base-url': { value: 'URL', meaning: 'Root of the API. Default: https://api.vk.ru' },
      'intake-token': INTAKE_FLAG,
      ...RECEIVE_FLAG,
      offline: OFFLINE_FLAG,
      ...GROUP_SETTING_FLAGS,
    },
    help: `
The token comes from the community's settings (API usage), with the rights to messages, photos, documents and, for webhook
and long-poll, to manage the community. VK tells which community it is of. With --receive webhook the callback server is
added, its events are switched on, and VK's word is waited for, where the server runs and can be reached; with long-poll that
is switched on. What was done and what is left is said; "soroka connection check ID" looks again at any time. Step by step:
docs/connect-vk.md

  soroka connection add vk --token-file vk.token --receive webhook
  cat vk.token | soroka connection add vk --token-file - --receive long-poll
  soroka connection add vk --offline --group 213243638 --token-file vk.token`,
    run: (given, surroundings) => addGroup(given, surroundings, { kind: 'vk', baseUrl: 'https://api.vk.ru' }),
  },
  {
    name: 'connection add ok',
    summary: 'Connect an OK group by its Graph token.',
    flags: {
      account: ACCOUNT_FLAG,
      group: GROUP_FLAG,
      ...TOKEN_FLAGS,
      ...APPLICATION_FLAGS,
      'base-url': { value: 'URL', meaning: 'Root of the API. Default: https://api.ok.ru' },
      'intake-token': INTAKE_FLAG,
      ...RECEIVE_FLAG,
      offline: OFFLINE_FLAG,
      ...GROUP_SETTING_FLAGS,
    },
    help: `
The token (tkn…:C…) comes from the group's settings, Messages, "Work with API". OK tells which group it is of. With --receive
webhook our address is subscribed where the server runs; with long-poll that is. What was done and what is left is said;
"soroka connection check ID" looks again at any time. Step by step: docs/connect-ok.md

  soroka connection add ok --token-file ok.token --receive webhook
  soroka connection add ok --token-file ok.token --receive long-poll
  soroka connection add ok --offline --group 70000000000001 --token-file ok.token`,
    run: (given, surroundings) => addGroup(given, surroundings, { kind: 'ok', baseUrl: 'https://api.ok.ru' }),
  },
  {
    name: 'connection add notify',
    summary: 'Connect an upstream that delivers by phone number.',
    flags: {
      account: ACCOUNT_FLAG,
      ...TOKEN_FLAGS,
      'base-url': { value: 'URL', meaning: 'Root of its API, before /vk/messages. Required.' },
      'intake-token': INTAKE_FLAG,
      ...RECEIVE_FLAG,
      ...NOTIFY_SETTING_FLAGS,
      'per-day': GROUP_SETTING_FLAGS['per-day'] as Flag,
      'per-day-mode': GROUP_SETTING_FLAGS['per-day-mode'] as Flag,
      'messages-per-second': GROUP_SETTING_FLAGS['messages-per-second'] as Flag,
    },
    help: `
The upstream speaks POST /vk/messages: a vendor, or another Soroka. Its status callbacks come to the hook by themselves; tell
it the hook's address with /incoming at the end as the one for incoming messages. Say --dedup yes only where it promises
that a repeated clientMessageId sends nothing twice, as another Soroka does.

  soroka connection add notify --base-url https://upstream.example --token-file upstream.key --service Pizzeria --receive webhook`,
    run: addUpstream,
  },
  {
    name: 'connection set',
    summary: 'Change how a connection receives, its token or its settings.',
    arguments: ['ID'],
    flags: {
      ...RECEIVE_FLAG,
      ...TOKEN_FLAGS,
      ...SECRET_FLAGS,
      ...APPLICATION_FLAGS,
      'base-url': { value: 'URL', meaning: 'Root of the API.' },
      'intake-token': { value: 'TOKEN', meaning: 'A new secret part of the hook address; the old address is closed.' },
      ...GROUP_SETTING_FLAGS,
      ...NOTIFY_SETTING_FLAGS,
      resume: { meaning: 'Go on after a pause; a new token does so by itself.' },
      offline: { meaning: 'Ask the network nothing: only write it down.' },
    },
    help: `
What is not given stays. Running servers take it up within 5 seconds. A new way of receiving, or a new token, is set up at
the network and looked at at once, and what was done is said. "soroka connection list" shows the ids.

  soroka connection set 1 --receive long-poll
  soroka connection set 1 --token-file vk.token
  soroka connection set 2 --per-day none --messages-per-second 30`,
    run: set,
  },
  {
    name: 'connection remove',
    summary: 'Delete the secrets of a connection, and close its address.',
    arguments: ['ID'],
    help: `
Senders must have let go of it before: see "soroka sender set". Dialogs and messages stay, what still waits for it expires, and
the group may be connected anew.

  soroka connection remove 1`,
    run: remove,
  },
  {
    name: 'connection import',
    summary: "Bring the history of a group's dialogs, from before it was connected.",
    arguments: ['ID'],
    flags: { days: { value: 'N', meaning: 'Nothing older than so many days. Default: all that the network gives.' } },
    help: `
Goes through the dialogs of the group, slowly, so that sending has the network's limits to itself; no bot answers and nothing
is forwarded. It may be stopped (Ctrl-C) and run again: it goes on where it was, and no message comes twice.

  soroka connection import 1 --days 90`,
    run: importHistory,
  },
  {
    name: 'connection list',
    summary: 'Show connections, with their secrets masked.',
    flags: { account: { value: 'NAME', meaning: 'Only those of this account.' } },
    help: `
  soroka connection list
  soroka connection list --account pizzeria --json`,
    run: list,
  },
];

async function addGroup(
  given: Given,
  surroundings: Surroundings,
  { kind, baseUrl: defaultUrl }: { kind: Network; baseUrl: string },
): Promise<Answer> {
  const { credentials, receive, settings } = await newConnection(given, surroundings);
  const baseUrl = given.flag('base-url') ?? defaultUrl;
  const group = given.flag('group');
  const isOffline = given.flag('offline') !== undefined;
  if (isOffline && group === undefined) throw new UsageError('--group must be given with --offline.');
  await using place = await openWorkplace(surroundings);
  const { id: accountId } = await place.account(given.flag('account'));
  const question = { baseUrl, token: credentials.token, group, timeoutMs: place.config.SOROKA_SEND_TIMEOUT_MS };
  const found = isOffline ? null : await identify(kind, question);
  const groupId = found?.groupId ?? (group as string);
  const connection = await place.connections.add({ accountId, kind, groupId, baseUrl, credentials, receive, settings });
  await place.noted(accountId, 'connection.added', `connection:${connection.id}`, ['kind', 'receive', 'token']);
  if (isOffline) return await shown(place, connection, { isHookNew: true });
  const { did, left } = await setUp(place, connection, surroundings);
  const connected = `Connected ${found === null ? `group ${groupId}` : namedGroup(kind, found)} as connection ${connection.id}.`;
  const deaf = `It receives nothing yet. To hear what people write: soroka connection set ${connection.id} --receive webhook (or long-poll, which needs no address of your own)`;
  const work = { did: [connected, ...did], left: receive === 'off' ? [deaf, ...left] : left };
  return await shown(place, connection, { isHookNew: true, work });
}

async function addUpstream(given: Given, surroundings: Surroundings): Promise<Answer> {
  const baseUrl = given.required('base-url');
  const { credentials, receive, settings } = await newConnection(given, surroundings);
  await using place = await openWorkplace(surroundings);
  const { id: accountId } = await place.account(given.flag('account'));
  const what = { accountId, kind: 'notify', groupId: null, baseUrl, credentials, receive, settings } as const;
  const connection = await place.connections.add(what);
  await place.noted(accountId, 'connection.added', `connection:${connection.id}`, ['kind', 'receive', 'token']);
  return await shown(place, connection, { isHookNew: true });
}

async function newConnection(given: Given, surroundings: Surroundings) {
  const { token, ...others } = await credentialsOf(given, surroundings);
  if (token === undefined) throw new UsageError('--token-file (or --token) must be given.');
  const credentials: NewCredentials = { token, ...others };
  return { credentials, receive: choiceFlag(given, 'receive', RECEIVE) ?? 'off', settings: settingsOf(given) } as const;
}

async function set(given: Given, surroundings: Surroundings): Promise<Answer> {
  const id = integerArgument(given, 0, 'ID');
  const receive = choiceFlag(given, 'receive', RECEIVE);
  const settings = settingsOf(given);
  const credentials = await credentialsOf(given, surroundings);
  const baseUrl = given.flag('base-url');
  const resume = given.flag('resume') !== undefined;
  const nothing = Object.keys({ ...settings, ...credentials }).length === 0;
  if (nothing && receive === undefined && baseUrl === undefined && !resume) throw new UsageError('Nothing to change was given.');

  await using place = await openWorkplace(surroundings);
  const { connections } = place;
  const connection = await connections.change(id, {
    settings,
    ...(Object.keys(credentials).length === 0 ? {} : { credentials }),
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(receive === undefined ? {} : { receive }),
  });
  if (resume) await connections.resume(id);
  const changed = {
    ...settings,
    ...credentials,
    ...(receive !== undefined && { receive }),
    ...(baseUrl !== undefined && { baseUrl }),
  };
  const fields = [...Object.keys(changed), ...(resume ? ['isPaused'] : [])];
  await place.noted(connection.accountId, 'connection.changed', `connection:${id}`, fields);
  const now = { ...connection, ...(resume ? { pausedReason: null } : {}) };
  const isAtNetwork = receive !== undefined || credentials.token !== undefined;
  const isQuiet = given.flag('offline') !== undefined || !isAtNetwork;
  return await shown(place, now, {
    isHookNew: credentials.intakeToken !== undefined,
    ...(!isQuiet && { work: await setUp(place, now, surroundings) }),
  });
}

async function remove(given: Given, surroundings: Surroundings): Promise<Answer> {
  const id = integerArgument(given, 0, 'ID');
  await using place = await openWorkplace(surroundings);
  const connection = await place.connections.get(id);
  if (connection === null || !(await place.connections.remove(connection.accountId, id)))
    throw new Error(`There is no connection ${id}: see "soroka connection list".`);
  await place.noted(connection.accountId, 'connection.removed', `connection:${id}`);
  return { kind: 'done', sentence: `Connection ${id} is removed, and its secrets are deleted.` };
}

async function list(given: Given, surroundings: Surroundings): Promise<Answer> {
  await using place = await openWorkplace(surroundings);
  const { connections } = place;
  const name = given.flag('account');
  const accountId = name === undefined ? undefined : (await place.account(name)).id;
  const names = new Map((await place.accounts.list()).map((account) => [account.id, account.name]));
  const groups = (await connections.list(accountId)).map(async (connection) => {
    const { token } = await connections.credentials(connection.id);
    const owner = names.get(connection.accountId) ?? null;
    return { ...fieldsOf(connection), id: connection.id, account: owner, user: null, token: masked(token) };
  });
  const users = (await connections.users(accountId)).map(
    async ({ id, accountId: owner, userId, baseUrl, scopes, pausedReason }) => {
      const { accessToken } = await connections.userCredentials(id);
      const what = { kind: 'ok-user', group: null, user: userId, receive: null, baseUrl, settings: scopes.join(' ') };
      return { id, account: names.get(owner) ?? null, ...what, token: masked(accessToken), paused: pausedReason };
    },
  );
  const columns = ['id', 'account', 'kind', 'group', 'user', 'receive', 'baseUrl', 'token', 'settings', 'paused'];
  const rows = (await Promise.all([...groups, ...users])).sort((a, b) => a.id - b.id);
  return { kind: 'list', columns, rows };
}

async function shown(
  place: Workplace,
  connection: Connection,
  { isHookNew, work }: { isHookNew: boolean; work?: Work },
): Promise<Answer> {
  const fields = fieldsOf(connection);
  const again = work === undefined ? [] : [`Look at it again at any time: soroka connection check ${connection.id}`];
  const secret = isHookNew ? ['Keep the address of the hook to yourself: it is shown this once.'] : [];
  if (isHookNew) fields['hook'] = await place.connections.webhookUrl(connection.id);
  return {
    kind: 'record',
    fields,
    note: [...again, ...secret].join('\n'),
    ...(work && { work }),
  };
}

function fieldsOf({ id, kind, groupId, baseUrl, receive, settings, pausedReason }: Connection): Record<string, Cell> {
  const set = Object.entries(settings).map(([name, value]) => `${name}=${value ?? 'none'}`);
  return { id, kind, group: groupId, receive, baseUrl, settings: set.join(' ') || null, paused: pausedReason };
}
