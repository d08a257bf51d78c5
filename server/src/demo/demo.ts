import { type Account, type Accounts, type Caller, SCOPES } from '../accounts/accounts.ts';
import type { Connection, Connections, NewConnection, NewSenderRoute } from '../connections/connections.ts';
import type { Contacts, ImportRow } from '../contacts/contacts.ts';
import type { LoginApplications } from '../operators/operators.ts';
import type { Templates } from '../templates/templates.ts';

// The demo world is fixed: documents, tests and the simulator use the same names and numbers. None of its secrets is one:
// they open nothing but the simulator, and only a process that was started as the demo knows the key and the short hooks.

export const DEMO_ACCOUNT = 'demo';
export const DEMO_KEY = 'demo';
/** The simulator calls from here and is called here. */
export const DEMO_LOOPBACK_CIDRS: readonly string[] = ['127.0.0.0/8', '::1/128'];

export const DEMO_VK_GROUP = '213243638';
export const DEMO_OK_GROUP = '70000000000001';
const INTAKE_TOKEN = 'demo';
const RECEIVER_PATH = '/control/receiver/demo';
const TEMPLATE_TEXT = 'Здравствуйте, {{ name }}! Ваша {{ pizza }} готова.';
const CONTACTS: readonly ImportRow[] = [
  { phone: '79999999999', name: 'Анна', vk: '37119444', ok: '123456789012', consent: 'demo' },
  { phone: '79990000001', name: 'Борис', ok: '123456789013', consent: 'demo' },
  { phone: '79990000002', name: 'Вера', vk: '37119446', consent: 'demo' },
];

/** What the demo world is made with; `connections` must allow short intake tokens. */
export interface DemoParts {
  accounts: Accounts;
  connections: Connections;
  templates: Templates;
  contacts: Contacts;
}

/**
 * Makes what is missing of the demo world, and leads it to the simulator at `simulatorUrl`, which may have moved since the
 * last start. What was changed by hand stays.
 */
export async function makeDemoWorld(parts: DemoParts, options: { simulatorUrl: string }): Promise<{ accountId: number }> {
  const simulatorUrl = options.simulatorUrl.replace(/\/+$/, '');
  const account = await makeAccount(parts.accounts, simulatorUrl);
  const accountId = account.id;
  const [vk, ok, notify] = await makeConnections(parts.connections, accountId, simulatorUrl);
  const byNotify = { provider: 'notify', connectionId: notify.id } as const;
  const senderIds = [
    await makeSender(parts.connections, accountId, 'Group_name', [
      { ...byNotify, route: 'VK', groupId: DEMO_VK_GROUP },
      { ...byNotify, route: 'OK', groupId: DEMO_OK_GROUP },
    ]),
    await makeSender(parts.connections, accountId, 'Community', [
      { provider: 'community', connectionId: vk.id, route: 'VK', groupId: DEMO_VK_GROUP },
      { provider: 'community', connectionId: ok.id, route: 'OK', groupId: DEMO_OK_GROUP },
    ]),
  ];
  if ((await parts.templates.find(accountId, 4)) === null) {
    await parts.templates.add({ accountId, id: 4, name: 'base_template', text: TEMPLATE_TEXT, routes: ['VK', 'OK'], senderIds });
  }
  const phones = CONTACTS.map((contact) => contact.phone);
  const known = await parts.contacts.byPhones(null, accountId, phones);
  const missing = CONTACTS.filter(({ phone, vk: vkId, ok: okId }) => {
    const userIds = known.get(phone)?.userIds;
    return (
      userIds === undefined ||
      (vkId !== undefined && userIds.vk === undefined) ||
      (okId !== undefined && userIds.ok === undefined)
    );
  });
  if (missing.length > 0) await parts.contacts.importMany(accountId, missing);
  return { accountId };
}

/** The applications that the simulator has, by which operators of the demo log in as its people. */
export function demoLoginApplications(simulatorUrl: string): LoginApplications {
  const root = simulatorUrl.replace(/\/+$/, '');
  const ok = { applicationId: '1246100000', applicationKey: 'CBADEMOKEY', applicationSecret: 'DEMOAPPSECRET' };
  return { vk: { applicationId: '51000001', url: `${root}/vk-id` }, ok: { ...ok, url: `${root}/ok`, apiUrl: `${root}/ok` } };
}

/** For `createAccounts`, in a process of the demo alone: the key `demo`, all scopes. */
export function demoKeyAliases(accountId: number): ReadonlyMap<string, Caller> {
  return new Map([[DEMO_KEY, { accountId, accountName: DEMO_ACCOUNT, keyId: DEMO_KEY, scopes: SCOPES }]]);
}

async function makeAccount(accounts: Accounts, simulatorUrl: string): Promise<Account> {
  const account = (await accounts.byName(DEMO_ACCOUNT)) ?? (await accounts.create(DEMO_ACCOUNT));
  const receiver = simulatorUrl + RECEIVER_PATH;
  const isOurs = (url: string | null) => url === null || url.endsWith(RECEIVER_PATH);
  return accounts.setUrls(account.id, {
    ...(isOurs(account.statusUrl) ? { statusUrl: receiver } : {}),
    ...(isOurs(account.incomingUrl) ? { incomingUrl: receiver } : {}),
  });
}

async function makeConnections(connections: Connections, accountId: number, simulatorUrl: string) {
  const common = { accountId, receive: 'webhook', settings: {} } as const;
  const wanted: readonly [NewConnection, NewConnection, NewConnection] = [
    {
      ...common,
      kind: 'vk',
      groupId: DEMO_VK_GROUP,
      baseUrl: `${simulatorUrl}/vk`,
      credentials: { token: 'vk1.demo', webhookSecret: 'vk-demo-secret', intakeToken: INTAKE_TOKEN },
    },
    {
      ...common,
      kind: 'ok',
      groupId: DEMO_OK_GROUP,
      baseUrl: `${simulatorUrl}/ok`,
      credentials: {
        token: 'tkn18YdUJZe:CQABPOJKAKEKEKEKE',
        intakeToken: INTAKE_TOKEN,
        applicationId: '1246100000',
        applicationKey: 'CBADEMOKEY',
        applicationSecret: 'DEMOAPPSECRET',
      },
    },
    {
      ...common,
      kind: 'notify',
      groupId: null,
      baseUrl: `${simulatorUrl}/notify`,
      credentials: { token: 'notify-demo', intakeToken: INTAKE_TOKEN },
      settings: { dedup: true },
    },
  ];
  const existing = await connections.list(accountId);
  const ensure = async (want: NewConnection): Promise<Connection> => {
    const found = existing.find(({ kind, groupId }) => kind === want.kind && groupId === want.groupId);
    if (found === undefined) return connections.add(want);
    return found.baseUrl === want.baseUrl ? found : connections.change(found.id, { baseUrl: want.baseUrl });
  };
  return [await ensure(wanted[0]), await ensure(wanted[1]), await ensure(wanted[2])] as const;
}

async function makeSender(connections: Connections, accountId: number, name: string, routes: NewSenderRoute[]): Promise<number> {
  const sender = (await connections.senderByName(accountId, name)) ?? (await connections.addSender({ accountId, name, routes }));
  return sender.id;
}
