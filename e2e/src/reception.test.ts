import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, type Json, someone, startTown, type Town } from './town.ts';

const VK_GROUP = '213243638';
const OK_TOKEN = 'tkn18YdUJZe:CQABPOJKAKEKEKEKE';
// The demo looks at its webhooks every 20 seconds.
const MADE_AGAIN_WITHIN_MS = 40_000;

let town: Town;
beforeAll(async () => {
  town = await startTown();
});
afterAll(async () => {
  await town?.[Symbol.asyncDispose]();
});

/** What another administrator, or the network itself, may do to our webhook behind our back. */
async function vk(method: string, params: Record<string, string> = {}): Promise<Json> {
  const query = new URLSearchParams({ access_token: 'vk1.demo', v: '5.199', group_id: VK_GROUP, ...params });
  const answer = (await (await fetch(`${town.simulator.url}/vk/method/${method}?${query}`)).json()) as Json;
  if (answer['response'] === undefined) throw new Error(`${method}: ${JSON.stringify(answer)}`);
  return answer;
}
async function ok(path: string, body?: Json): Promise<Json> {
  const url = `${town.simulator.url}/ok/graph/${path}?access_token=${encodeURIComponent(OK_TOKEN)}`;
  const headers = { 'Content-Type': 'application/json;charset=utf-8' };
  const response = await fetch(url, body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) });
  return (await response.json()) as Json;
}
interface Server {
  id: number;
  url: string;
  title: string;
  secret_key: string;
  status: string;
}
/** Not oftener than this: the token's 20 calls a second are the server's to use. */
const LOOK_EVERY_MS = 400;
const servers = async (): Promise<Server[]> => {
  await setTimeout(LOOK_EVERY_MS);
  const { response } = await vk('groups.getCallbackServers');
  return (response as { items: Server[] }).items;
};
const subscriptions = async (): Promise<{ url: string }[]> =>
  ((await ok('me/subscriptions'))['subscriptions'] ?? []) as { url: string }[];

async function isAnswered(phone: string, network: 'vk' | 'ok'): Promise<void> {
  await town.control(`/people/${phone}/say`, { network, text: 'привет' });
  await eventually(async () => (await town.inbox(phone)).some((entry) => entry.network === network && entry.kind === 'message'));
}
/** How often the server has said so in its log. */
const madeAgain = (kind: 'vk' | 'ok'): number =>
  town.server
    .output()
    .split('\n')
    .filter((line) => line.includes('"webhook_made_again"') && line.includes(`"kind":"${kind}"`)).length;

test.each([true, false])(
  'VK confirms our address anew with a code that has changed (the old one still taken: %s)',
  async (oldStillTaken) => {
    const [server] = await servers();
    await town.control('/confirmation-code', { group: VK_GROUP, oldStillTaken });
    const { id, url, title, secret_key } = server as Server;
    await vk('groups.editCallbackServer', { server_id: String(id), url, title, secret_key });
    await eventually(async () => (await servers())[0]?.status === 'ok');
    await isAnswered(someone(oldStillTaken ? 9_600_001 : 9_600_002), 'vk');
  },
);

test(
  'a webhook that somebody has taken away is made again by itself, and people are answered again',
  async () => {
    const [server] = await servers();
    await vk('groups.deleteCallbackServer', { server_id: String(server?.id) });
    for (const { url } of await subscriptions()) await ok('me/unsubscribe', { url });
    expect([await servers(), await subscriptions()]).toEqual([[], []]);
    await eventually(async () => (await servers())[0]?.status === 'ok', MADE_AGAIN_WITHIN_MS);
    await eventually(async () => (await subscriptions()).length === 1, MADE_AGAIN_WITHIN_MS);
    await isAnswered(someone(9_600_003), 'vk');
    await isAnswered(someone(9_600_003), 'ok');
    for (const kind of ['vk', 'ok'] as const) await eventually(() => madeAgain(kind) === 1);
  },
  3 * MADE_AGAIN_WITHIN_MS,
);
