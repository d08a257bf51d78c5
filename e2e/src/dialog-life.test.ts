import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sorokaJson } from './command-line.ts';
import { ANNA, EGOR, eventually, type Json, someone, startTown, type Town } from './town.ts';

const GROUP = { vk: '213243638', ok: '70000000000001' } as const;
const RULES = `rules:
  - name: hello
    when: {keywords: [привет]}
    reply: {text: Здравствуйте!, buttons: [[{kind: callback, label: Адрес, payload: {ask: address}}]]}
  - {name: address, when: {payload: {ask: address}}, reply: Ленина, 5}`.replace('Ленина, 5', '"Ленина, 5"');

interface Line {
  kind: string;
  direction: string;
  text: string;
  source: string;
  author: { id: string; name: string | null } | null;
  payload: string | null;
  editedAt: string | null;
  earlierTexts: { text: string }[] | null;
}
interface Dialog {
  id: number;
  channel: 'VK' | 'OK';
  kind: string;
  title: string | null;
  contact: { name: string | null; phone: string | null; pictureUrl: string | null } | null;
}
interface Call {
  network: string;
  method: string;
  status: number;
}

const NEIGHBOUR = someone(9_400_001);

let town: Town;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'soroka-rules-'));
  const rulesFile = join(folder, 'rules.yaml');
  await writeFile(rulesFile, RULES);
  town = await startTown({ env: { SOROKA_BOT_RULES: rulesFile } });
});
afterAll(async () => {
  await town?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function get<Answer>(path: string): Promise<Answer> {
  const response = await fetch(`${town.server.url}${path}`, { headers: { Authorization: 'Key demo' } });
  return (await response.json()) as Answer;
}
const dialogs = async (): Promise<Dialog[]> => (await get<{ items: Dialog[] }>('/v1/dialogs?limit=100')).items;
/** Oldest first. */
const linesOf = async ({ id }: Dialog): Promise<Line[]> =>
  (await get<{ items: Line[] }>(`/v1/dialogs/${id}/messages?limit=100`)).items.reverse();
const dialogWith = (phone: string, channel: 'VK' | 'OK') =>
  eventually(async () => (await dialogs()).find((dialog) => dialog.channel === channel && dialog.contact?.phone === phone));
const calls = async (network: string, method: string): Promise<Call[]> =>
  ((await town.control('/calls')) as Call[]).filter((call) => call.network === network && call.method.includes(method));
const act = (phone: string, action: string, body: Json) => town.control(`/people/${phone}/${action}`, body);

test("people's names and pictures are those of their network", async () => {
  for (const network of ['vk', 'ok']) await act(ANNA, 'say', { network, text: 'добрый вечер' });
  for (const channel of ['VK', 'OK'] as const) {
    const shown = await eventually(async () => {
      const { contact } = await dialogWith(ANNA, channel);
      return contact?.pictureUrl === null ? undefined : contact;
    });
    expect(shown?.name).toMatch(/\S/);
    expect(shown?.pictureUrl).toMatch(/^https?:/);
  }
});

test("what an admin writes in VK's own page stands in the dialog under the admin's name, and the bot lets it be", async () => {
  await act(ANNA, 'say', { network: 'vk', text: 'вы открыты?' });
  const dialog = await dialogWith(ANNA, 'VK');
  await town.control(`/groups/vk/${GROUP.vk}/write-as-admin`, { phone: ANNA, text: 'привет, открыты' });
  const line = await eventually(async () => {
    const written = (await linesOf(dialog)).find(({ kind, source }) => kind === 'message' && source === 'operator');
    return written?.author?.name === null ? undefined : written;
  });
  expect(line).toMatchObject({ text: 'привет, открыты', direction: 'out', author: { name: expect.stringMatching(/\S/) } });
  expect((await linesOf(dialog)).filter(({ source }) => source === 'bot')).toEqual([]);
});

test('an edited message of VK shows what it says now and what it said', async () => {
  const { messageId } = (await act(ANNA, 'say', { network: 'vk', text: 'до какова часа?' })) as { messageId?: unknown };
  await act(ANNA, 'edit', { network: 'vk', text: 'до какого часа?', ...(messageId !== undefined && { message: messageId }) });
  const dialog = await dialogWith(ANNA, 'VK');
  const edited = await eventually(async () => (await linesOf(dialog)).find(({ editedAt }) => editedAt !== null));
  expect(edited).toMatchObject({ text: 'до какого часа?', earlierTexts: [{ text: 'до какова часа?' }] });
});

test.each(['vk', 'ok'] as const)('a pressed callback button of %s is answered once, and by the bot', async (network) => {
  await act(EGOR, 'allow', { network });
  await act(EGOR, 'say', { network, text: 'привет' });
  await eventually(async () =>
    (await town.inbox(EGOR)).some((entry) => entry.network === network && entry.text === 'Здравствуйте!'),
  );
  await act(EGOR, 'press', { network, payload: { ask: 'address' } });
  await eventually(async () => (await town.inbox(EGOR)).some((entry) => entry.network === network && entry.text === 'Ленина, 5'));
  if (network === 'ok') return; // an answer to a press of OK is a message: none is sent unless there is something to say
  const answers = await eventually(async () => {
    const found = await calls('vk', 'messages.sendMessageEventAnswer');
    return found.length > 0 && found;
  });
  expect(answers.map(({ status }) => status)).toEqual([200]);
});

test.each(['vk', 'ok'] as const)(
  'a chat of several people on %s is one dialog with a title and with those who write; the bot is silent',
  async (network) => {
    const chat = (await town.control('/chats', { network, title: 'Соседи', owner: ANNA, people: [NEIGHBOUR] })) as {
      number: number;
    };
    for (const phone of [ANNA, NEIGHBOUR]) await act(phone, 'say', { network, chat: chat.number, text: 'привет' });
    await town.control(`/chats/${network}/${GROUP[network]}/${chat.number}/title`, { title: 'Дом 5', by: ANNA });
    const dialog = await eventually(async () =>
      (await dialogs()).find(
        ({ kind, title, channel }) => kind === 'chat' && title === 'Дом 5' && channel === network.toUpperCase(),
      ),
    );
    expect(dialog.contact).toBeNull();
    const lines = await eventually(async () => {
      const found = await linesOf(dialog);
      const said = found.filter(({ kind }) => kind === 'message');
      // The chat itself may have shown its new title before the line about it was worked off.
      const isTold = found.some(({ kind, payload }) => kind === 'system' && payload?.includes('Дом 5') === true);
      return isTold && said.length === 2 && said.every(({ author }) => author?.name !== null) && found;
    });
    const names = lines.filter(({ kind }) => kind === 'message').map(({ author }) => author?.name);
    expect(new Set(names).size).toBe(2);
    expect(lines.filter(({ kind }) => kind === 'system').map(({ payload }) => JSON.parse(payload ?? ''))).toContainEqual(
      expect.objectContaining({ change: 'title', title: 'Дом 5' }),
    );
    expect(lines.filter(({ source }) => source === 'bot')).toEqual([]);
  },
);

test('a token that dies pauses its connection as soon as it is used, and the list says why', async () => {
  const list = () =>
    sorokaJson<{ kind: string; paused: string | null }[]>(['connection', 'list'], { SOROKA_DATA: town.dataFolder });
  const pausedOf = async () => (await list()).find(({ kind }) => kind === 'vk')?.paused;
  expect(await pausedOf()).toBeNull();
  await town.control('/tokens', { network: 'vk', do: 'kill' });
  await act(EGOR, 'say', { network: 'vk', text: 'привет' });
  expect(await eventually(pausedOf)).toMatch(/\S/);
});
