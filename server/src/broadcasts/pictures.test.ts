import { Transformer } from '@napi-rs/image';
import { CAPABILITIES, type Channel } from '@soroka/channels';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { eventually } from '../../test/dispatch-town.ts';
import { startIncomingTown } from '../../test/incoming-town.ts';
import type { BroadcastPlan } from './broadcasts.ts';

type Upload = NonNullable<Channel['upload']>;
let town: Awaited<ReturnType<typeof startIncomingTown>>;
let pictureId: number;
/** Who was given which file, and for whom. */
const uploads: { network: string; name: string; peerId: string | null }[] = [];
let answer: (count: number) => Awaited<ReturnType<Upload>>;

const named = (count: number) => ({ kind: 'done', result: { kind: 'image', reference: `photo-1_${count}` } }) as const;
const uploadOf =
  (network: string): Upload =>
  async ({ name }, peerId) => {
    uploads.push({ network, name, peerId });
    return answer(uploads.length);
  };

beforeAll(async () => {
  town = await startIncomingTown();
  for (const kind of ['vk', 'ok'] as const)
    Object.assign(town.played[kind], { capabilities: CAPABILITIES[kind], upload: uploadOf(kind) });
  pictureId = await store('menu.png', await picture());
  await town.post('vk', town.vkMessage('Добрый день', { from_id: 801 }));
  await town.post('vk', town.vkMessage('Добрый день', { from_id: 802 }));
  await town.settled();
  await town.post('ok', town.okMessage('Добрый день'));
  await town.settled();
  town.dispatch.run();
  town.broadcasts.run();
});
afterAll(async () => {
  await town.broadcasts.stopRunning();
  await town[Symbol.asyncDispose]();
});
beforeEach(() => {
  uploads.length = 0;
  answer = named;
});

const picture = () => Transformer.fromRgbaPixels(new Uint8Array(64).fill(200), 4, 4).png();
async function store(name: string, bytes: Buffer, accountId = town.account.id): Promise<number> {
  const source = (async function* () {
    yield bytes;
  })();
  return (await town.files.store({ accountId, name, operatorId: null }, source)).id;
}
const vk = (): BroadcastPlan['ways'][number] => ({ kind: 'message', group: `VK:${town.groupIds.vk}` });
const ok = (): BroadcastPlan['ways'][number] => ({ kind: 'message', group: `OK:${town.groupIds.ok}` });
const add = (more: Partial<BroadcastPlan> = {}, fileIds: readonly number[] = [pictureId]) =>
  town.broadcasts.add(town.account.id, {
    name: 'Меню',
    plan: { variants: [{ text: 'Новое меню', fileIds }], audience: { segment: {} }, ways: [vk(), ok()], ...more },
  });
const get = (id: number) => town.broadcasts.get(town.account.id, id);
const reachedInVk = (count: number) => eventually(() => town.networks.vk.taken.length === count);

test('a picture goes up once for each group, reaches everybody, and stands in their dialogs', async () => {
  const { id } = await add();
  await town.broadcasts.start(town.account.id, id, {});
  const inDialog = async () => (await town.history(town.groupIds.ok)).find(({ text }) => text === 'Новое меню') ?? null;
  const line = await eventually(inDialog);
  await reachedInVk(2);
  expect(uploads).toEqual([
    { network: 'vk', name: 'menu.png', peerId: null },
    { network: 'ok', name: 'menu.png', peerId: null },
  ]);
  const carried = (network: 'vk' | 'ok') => town.networks[network].taken.map(({ attachments }) => attachments);
  const inVk = [{ kind: 'image', reference: 'photo-1_1' }];
  expect(carried('vk')).toEqual([inVk, inVk]);
  expect(carried('ok')).toEqual([[{ kind: 'image', reference: 'photo-1_2' }]]);
  expect(line).toMatchObject({ attachments: [{ kind: 'image', name: 'menu.png', fileId: pictureId }] });
  const viewer = { groups: [`OK:${town.groupIds.ok}`], operatorId: null };
  expect(await town.files.get(town.account.id, pictureId, viewer)).not.toBeNull();
});

test('a test to oneself carries the picture', async () => {
  const { id } = await add();
  const [contact] = await town.contacts.list(town.account.id, { beforeId: Number.MAX_SAFE_INTEGER, limit: 1 });
  const before = town.networks.ok.taken.length;
  await town.broadcasts.test(town.account.id, id, { contactId: contact?.id as number, variant: 0 });
  await eventually(() => town.networks.ok.taken.length === before + 1);
  expect(town.networks.ok.taken.at(-1)?.attachments).toMatchObject([{ kind: 'image' }]);
});

test('a picture that a network refuses pauses the broadcast with the reason, before anybody gets it', async () => {
  const fileId = await store('broken.png', await picture());
  const { id } = await add({ ways: [vk()] }, [fileId]);
  answer = () => ({ kind: 'refused', networkCode: 'upload', detail: 'VK found no picture in the file' });
  const before = town.networks.vk.taken.length;
  await town.broadcasts.start(town.account.id, id, {});
  await eventually(async () => (await get(id))?.state === 'paused');
  const problem = `VK:${town.groupIds.vk} does not take file ${fileId}: VK found no picture in the file`;
  expect(await get(id)).toMatchObject({ problem });
  expect(town.networks.vk.taken).toHaveLength(before);
  answer = named;
  expect(await town.broadcasts.resume(town.account.id, id)).toMatchObject({ state: 'running', problem: null });
  await reachedInVk(before + 2);
});

test('an upload that fails is tried again, and holds up no other broadcast', async () => {
  const { id } = await add({ ways: [vk()] }, [await store('late.png', await picture())]);
  const before = town.networks.vk.taken.length;
  answer = () => ({ kind: 'failed', networkCode: 'unanswered', retryAfterMs: 0, detail: 'no answer' });
  await town.broadcasts.start(town.account.id, id, {});
  await eventually(() => uploads.length === 1);
  const other = await add({ variants: [{ text: 'Без картинок' }], ways: [vk()] });
  await town.broadcasts.start(town.account.id, other.id, {});
  await reachedInVk(before + 2);
  expect(await get(id)).toMatchObject({ state: 'running', problem: null });
  answer = named;
  // Not before the upload has ended: until then it is kept from others.
  const text = "update broadcast set due_at = now() where id = $1 and due_at < now() + interval '1 minute'";
  await eventually(async () => (await town.database.run({ name: 'test.pictures.due', text }, [id])) === 1);
  await reachedInVk(before + 4);
  expect(uploads).toHaveLength(2);
});

test('what is no picture of the account, too many, and pictures without a message are refused when it is drafted', async () => {
  const stranger = (await town.accounts.create('stranger')).id;
  const [text, foreign] = [await store('price.txt', Buffer.from('1')), await store('menu.png', await picture(), stranger)];
  const many: number[] = [];
  for (let count = 0; count < 6; count += 1) many.push(await store(`${count}.png`, await picture()));
  const keyboard = { place: 'message', rows: [[{ kind: 'link', label: 'Меню', url: 'https://pizzeria.example' }]] } as const;
  const five = many.slice(1);
  const refused: [Partial<BroadcastPlan>, readonly number[], string][] = [
    [{}, [pictureId, text], 'variants[0].fileIds[1]'],
    [{}, [foreign], 'variants[0].fileIds[0]'],
    [{}, many, 'variants[0].fileIds'],
    [{ variants: [{ text: 'x', keyboard, fileIds: five }] }, [], 'variants[0].fileIds'],
    [{ ways: [{ kind: 'template', service: 'Group_name', templateId: 4 }] }, [pictureId], 'variants[0].fileIds'],
  ];
  for (const [more, fileIds, field] of refused)
    await expect(add(more, fileIds)).rejects.toMatchObject({ code: 'parameter.invalid', field });
  await expect(add({ ways: [vk()] }, many)).resolves.toMatchObject({ state: 'draft' });
  await expect(add({}, five)).resolves.toMatchObject({ state: 'draft' });
});
