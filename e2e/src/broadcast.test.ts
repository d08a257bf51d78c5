import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, type Json, someone, startTown, type Town } from './town.ts';

const VK = { network: 'vk', group: 'VK:213243638' } as const;
const OK = { network: 'ok', group: 'OK:70000000000001' } as const;
const TEXT = 'Здравствуйте! Новое меню.';
// Several people write at the same time.
const AT_ONCE = 20;
// A second where nothing else runs.
const WORKED_OFF_WITHIN_MS = 120_000;

let town: Town;
beforeAll(async () => {
  town = await startTown({ env: { SOROKA_LANE_LEASE_MS: '2000' } });
});
afterAll(() => town?.[Symbol.asyncDispose]());

async function call<Answer>(method: string, path: string, body?: Json): Promise<Answer> {
  const to = town.servers.at(-1)?.url ?? '';
  const headers = { Authorization: 'Key demo', ...(body !== undefined && { 'Content-Type': 'application/json' }) };
  const response = await fetch(`${to}${path}`, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
  const answer = (await response.json()) as Answer;
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${JSON.stringify(answer)}`);
  return answer;
}
const act = (phone: string, action: string, body: Json) => town.control(`/people/${phone}/${action}`, body);
const people = (from: number, count: number): string[] => Array.from({ length: count }, (_, index) => someone(from + index));

async function all(phones: readonly string[], work: (phone: string) => Promise<unknown>): Promise<void> {
  const left = [...phones];
  const one = async (): Promise<void> => {
    for (let phone = left.shift(); phone !== undefined; phone = left.shift()) await work(phone);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}
const say = (phones: readonly string[], { network }: { network: string }, text: string) =>
  all(phones, (phone) => act(phone, 'say', { network, text }));

// A PNG of one point.
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
async function upload(): Promise<number> {
  const headers = { Authorization: 'Key demo', 'Content-Type': 'application/octet-stream' };
  const address = `${town.servers.at(-1)?.url}/v1/files?name=menu.png`;
  const response = await fetch(address, { method: 'POST', headers, body: PICTURE });
  return ((await response.json()) as { id: number }).id;
}

interface Report {
  recipients: number;
  given: number;
  excluded: number;
  funnel: { sent: number };
  reasons: { reason: string; contacts: number }[];
}

test('250 subscribers of both networks get it once or are told of with a reason, also where the server is killed on the way', async () => {
  const [vk, ok] = [people(9_500_000, 120), people(9_600_000, 70)];
  const [stopped, deniedInVk, blockedInOk] = [people(9_700_000, 20), people(9_710_000, 20), people(9_720_000, 20)];
  await say([...vk, ...deniedInVk], VK, 'Здравствуйте');
  await say([...ok, ...blockedInOk], OK, 'Здравствуйте');
  await say(stopped, VK, 'стоп');
  await all(deniedInVk, (phone) => act(phone, 'block', { network: 'vk' }));
  await all(blockedInOk, (phone) => act(phone, 'block', { network: 'ok' }));

  const plan = {
    variants: [{ text: TEXT, fileIds: [await upload()] }],
    audience: { segment: { groups: [VK.group, OK.group] } },
    ways: [
      { kind: 'message', group: VK.group, intent: 'promo_newsletter' },
      { kind: 'message', group: OK.group },
    ],
  };
  const { id } = await call<{ id: number }>('POST', '/v1/broadcasts', { name: 'Меню', ...plan });
  const path = `/v1/broadcasts/${id}`;
  const report = () => call<Report>('GET', `${path}/report`);
  // Everything that people said has been worked off.
  await eventually(async () => (await call<{ gets: number }>('GET', `${path}/preview`)).gets === 210, WORKED_OFF_WITHIN_MS);
  await call('POST', `${path}/start`, {});
  await eventually(async () => (await report()).funnel.sent >= 40);
  const sentBefore = (await report()).funnel.sent;
  await town.servers.at(-1)?.end('SIGKILL');
  await town.startServer();
  await eventually(async () => (await call<{ state: string }>('GET', path)).state === 'finished', WORKED_OFF_WITHIN_MS);

  expect(sentBefore).toBeLessThan(190);
  const made = await report();
  const reasons = new Map(made.reasons.map(({ reason, contacts }) => [reason, contacts]));
  // Calls to OK that the server died in: OK would deliver a repeat, so there is none, and nobody knows.
  const [unknown = 0, refused = 0] = [reasons.get('unknown_outcome'), reasons.get('refused_by_user')];
  expect(made).toMatchObject({ recipients: 250, given: 210, excluded: 40, funnel: { sent: 210 - unknown - refused } });
  expect([...reasons.keys()].filter((reason) => reason !== 'unknown_outcome').sort()).toEqual(['opted_out', 'refused_by_user']);
  expect(reasons.get('opted_out')).toBe(40);
  const got = async (phone: string): Promise<number> => (await town.inbox(phone)).filter(({ text }) => text === TEXT).length;
  const counts = new Map<string, number>();
  await all([...vk, ...ok, ...stopped, ...deniedInVk, ...blockedInOk], async (phone) => void counts.set(phone, await got(phone)));
  for (const phone of vk) expect(counts.get(phone), phone).toBe(1);
  const carried = async (phone = ''): Promise<number[]> => {
    const { messages } = (await town.control(`/people/${phone}/screen`)) as {
      messages: { text: string; attachments: object[] }[];
    };
    return messages.filter(({ text }) => text === TEXT).map(({ attachments }) => attachments.length);
  };
  expect(await carried(vk[0])).toEqual([1]);
  expect(await carried(ok.find((phone) => counts.get(phone) === 1))).toEqual([1]);
  expect(ok.filter((phone) => (counts.get(phone) ?? 0) > 1)).toEqual([]);
  expect(ok.filter((phone) => counts.get(phone) === 1).length).toBeGreaterThanOrEqual(ok.length - unknown);
  for (const phone of [...stopped, ...deniedInVk, ...blockedInOk]) expect(counts.get(phone), phone).toBe(0);
  expect(await town.violations()).toEqual([]);
}, 300_000);
