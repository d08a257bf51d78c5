import { randomBytes } from 'node:crypto';
import { Transformer } from '@napi-rs/image';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabase } from '../../test/database.ts';
import { createManualClock } from '../../test/manual-clock.ts';
import { until } from '../../test/until.ts';
import { createAccounts } from '../accounts/accounts.ts';
import { type Database, openDatabase } from '../platform/database.ts';
import { createSecrets } from '../platform/secrets.ts';
import { createLogger } from '../platform/telemetry.ts';
import { createFiles, type Files } from './files.ts';

const BYTES_MAX = 1_500_000;
const EVERYBODY = { groups: null, operatorId: null };
const clock = createManualClock();
let database: Database;
let drop: () => Promise<void>;
let files: Files;
let accountId: number;
beforeAll(async () => {
  const made = await testDatabase();
  drop = made.drop;
  database = openDatabase(made.url, { connectionsMax: 4 });
  files = createFiles({ database, clock, log: createLogger('silent'), bytesMax: BYTES_MAX });
  accountId = (await createAccounts({ database, secrets: createSecrets(randomBytes(32)), clock }).create('shop')).id;
});
afterAll(async () => {
  await database.close();
  await drop();
});

async function* inChunks(bytes: Buffer, chunkBytes: number) {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}
const store = (bytes: Buffer, more: { name?: string; operatorId?: number; chunkBytes?: number } = {}) => {
  const { name = 'file', operatorId = null, chunkBytes = 65_536 } = more;
  return files.store({ accountId, name, operatorId }, inChunks(bytes, chunkBytes));
};
const readAll = async (fileId: number, first: number, last: number): Promise<Buffer> => {
  const parts: Buffer[] = [];
  for await (const part of files.read(fileId, first, last)) parts.push(part);
  return Buffer.concat(parts);
};
const countRows = async (): Promise<number> => {
  const [row] = await database.rows<{ n: number }>({
    name: 'test.file.count',
    text: 'select (select count(*) from file) + (select count(*) from file_part) as n',
  });
  return row?.n ?? 0;
};
const picture = (width: number, height: number): Promise<Buffer> =>
  Transformer.fromRgbaPixels(new Uint8Array(width * height * 4).fill(200), width, height).png();

test.each([1, 65_536, 262_143, 262_144, 262_145, 1_000_003])(
  '%i bytes come back as they came, whole and by any range',
  async (length) => {
    const bytes = randomBytes(length);
    const { id, bytes: stored } = await store(bytes, { chunkBytes: 40_000 });
    expect(stored).toBe(length);
    expect((await readAll(id, 0, length - 1)).equals(bytes)).toBe(true);
    for (const [first, last] of [
      [0, 0],
      [length - 1, length - 1],
      [Math.floor(length / 3), Math.floor((2 * length) / 3)],
    ] as const) {
      expect((await readAll(id, first, last)).equals(bytes.subarray(first, last + 1))).toBe(true);
    }
  },
);

test('what is too large, empty or ends early leaves nothing behind', async () => {
  const before = await countRows();
  await expect(store(randomBytes(BYTES_MAX + 1))).rejects.toMatchObject({ code: 'file.too.large' });
  await expect(store(Buffer.alloc(0))).rejects.toMatchObject({ code: 'file.empty' });
  const broken = (async function* () {
    yield randomBytes(300_000);
    throw new Error('the sender hung up');
  })();
  await expect(files.store({ accountId, name: 'x', operatorId: null }, broken)).rejects.toThrow('hung up');
  expect(await countRows()).toBe(before);
});

describe('what a file is', () => {
  test.each<[string, Buffer, string, string]>([
    ['a page called .png', Buffer.from('<html><script>alert(1)</script>'), 'file', 'application/octet-stream'],
    [
      'a drawing that may hold scripts',
      Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'),
      'file',
      'application/xml',
    ],
    ['a document', Buffer.from('%PDF-1.7\n'), 'file', 'application/pdf'],
  ])('%s is told by its content', async (_, bytes, kind, contentType) => {
    expect(await store(bytes, { name: 'picture.png' })).toMatchObject({ kind, contentType, hasThumbnail: false });
  });

  test('a picture has its size, and a thumbnail that is no larger than 480 pixels', async () => {
    const { id, ...file } = await store(await picture(1_200, 300), { name: 'без имени' });
    expect(file).toMatchObject({ kind: 'image', contentType: 'image/png', width: 1_200, height: 300, hasThumbnail: true });
    const thumbnail = (await files.thumbnail(accountId, id, EVERYBODY)) as Buffer;
    expect(await new Transformer(thumbnail).metadata()).toMatchObject({ format: 'webp', width: 480, height: 120 });
  });

  test('a picture that was cut is a file', async () => {
    const whole = await picture(600, 600);
    expect(await store(whole.subarray(0, whole.length / 2))).toMatchObject({ kind: 'file', contentType: 'image/png' });
  });

  test('a picture of more pixels than anybody looks at is not unpacked', async () => {
    expect(await store(await picture(9_000, 8_000))).toMatchObject({ kind: 'file', contentType: 'image/png' });
  });
});

test('whoever is limited to groups sees what was shown there, and what they uploaded themselves', async () => {
  const [row] = await database.rows<{ id: number }>(
    {
      name: 'test.file.dialog',
      text: `
        insert into dialog (account_id, network, group_id, user_id, kind, last_message_at, created_at)
        values ($1, 'vk', '5', '7', 'chat', now(), now()) returning id`,
    },
    [accountId],
  );
  const { id } = await store(Buffer.from('x'), { operatorId: 3 });
  const seenBy = async (groups: string[] | null, operatorId: number | null) =>
    (await files.get(accountId, id, { groups, operatorId })) !== null;
  expect(await seenBy(['VK:5'], 4)).toBe(false);
  expect(await seenBy(['VK:5'], 3)).toBe(true);
  await files.show(database, row?.id as number, [id]);
  expect([await seenBy(['VK:5'], 4), await seenBy(['VK:6'], 4), await seenBy(null, null)]).toEqual([true, false, true]);
  expect(await files.get(accountId + 1, id, EVERYBODY)).toBeNull();
});

test('what never finished arriving is removed after an hour', async () => {
  const begin = { name: 'test.file.begin', text: `insert into file (account_id, name, created_at) values ($1, 'x', $2)` };
  const before = await countRows();
  await database.run(begin, [accountId, new Date(clock.now())]);
  await clock.advance(3_600_001);
  files.run();
  await until(async () => (await countRows()) === before);
  await files.stop();
});

test('a network gets a file once per dialog, and once for many people, as a document where it takes no such kind', async () => {
  const { id } = await store(Buffer.from('%PDF-1.7\n'), { name: 'price.pdf' });
  const given: unknown[] = [];
  const channel = {
    capabilities: { attachments: ['image', 'file'] },
    async upload(file: { kind: 'file'; name: string; bytes: Uint8Array }, peerId: string | null) {
      given.push([file.kind, file.name, Buffer.from(file.bytes).toString(), peerId]);
      return { kind: 'done', result: { kind: file.kind, reference: `doc-1_${given.length}` } };
    },
  } as never;
  const upload = (peerId: string | null, fileId = id) =>
    files.upload(channel, fileId, { accountId, connectionId: 1, peerId }, new AbortController().signal);
  expect(await upload('5')).toEqual({ kind: 'done', result: { kind: 'file', reference: 'doc-1_1' } });
  expect(await upload('5')).toEqual({ kind: 'done', result: { kind: 'file', reference: 'doc-1_1' } });
  expect(await upload('6')).toMatchObject({ result: { reference: 'doc-1_2' } });
  expect(given).toEqual([
    ['file', 'price.pdf', '%PDF-1.7\n', '5'],
    ['file', 'price.pdf', '%PDF-1.7\n', '6'],
  ]);
  expect(await upload('5', id + 1_000)).toMatchObject({ kind: 'refused' });
  const known = () => files.uploadedForMany(database, [id], 1);
  expect(await known()).toEqual(new Map());
  expect(await upload(null)).toMatchObject({ result: { reference: 'doc-1_3' } });
  expect(await upload(null)).toMatchObject({ result: { reference: 'doc-1_3' } });
  expect(await known()).toEqual(new Map([[id, { kind: 'file', reference: 'doc-1_3' }]]));
});
