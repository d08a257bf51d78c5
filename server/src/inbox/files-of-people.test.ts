import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startIncomingTown } from '../../test/incoming-town.ts';
import { until } from '../../test/until.ts';

type Town = Awaited<ReturnType<typeof startIncomingTown>>;
const PDF = Buffer.from('%PDF-1.7\n%%EOF');

/** Where a network keeps files: `/moved` leads elsewhere, `/slow` has an hour of trouble first. */
let troubles = 1;
const server = createServer((request, response) => {
  if (request.url === '/moved') return void response.writeHead(302, { location: '/price.pdf' }).end();
  if (request.url === '/inside') return void response.writeHead(302, { location: 'http://10.0.0.1/secret' }).end();
  if (request.url === '/price.pdf') return void response.writeHead(200).end(PDF);
  if (request.url === '/large') return void response.writeHead(200).end(Buffer.alloc(1_000_001));
  if (request.url === '/trouble' && troubles-- > 0) return void response.writeHead(503).end();
  if (request.url === '/trouble') return void response.writeHead(200).end(PDF);
  response.writeHead(404).end();
});
let origin: string;
let town: Town;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  town = await startIncomingTown({ rules: 'rules: []' });
});
afterAll(async () => {
  await town[Symbol.asyncDispose]();
  server.close();
});

const say = async (...paths: string[]) => {
  const attachments = paths.map((path) => ({
    type: 'doc',
    doc: { title: `${path}.pdf`, url: origin + path, ext: 'pdf', size: 1 },
  }));
  await town.post('vk', town.vkMessage('вот', { attachments }));
  await town.settled();
  return () => town.history().then((lines) => lines.findLast(({ text }) => text === 'вот')?.attachments ?? []);
};

test('what a person sends is shown at once, and kept as soon as it was fetched', async () => {
  const attachments = await say('/moved', '/price.pdf');
  await until(async () => (await attachments()).every(({ fileId }) => fileId !== null));
  const shown = await attachments();
  expect(shown).toMatchObject([
    { kind: 'file', name: '/moved.pdf', contentType: 'application/pdf', bytes: PDF.length },
    { kind: 'file', name: '/price.pdf.pdf', contentType: 'application/pdf', bytes: PDF.length },
  ]);
  const parts: Buffer[] = [];
  for await (const part of town.files.read(shown[0]?.fileId as number, 0, PDF.length - 1)) parts.push(part);
  expect(Buffer.concat(parts).equals(PDF)).toBe(true);
  const groups = [`VK:${town.groupIds.vk}`];
  expect(await town.files.get(town.account.id, shown[0]?.fileId as number, { groups, operatorId: null })).not.toBeNull();
});

test('what is gone, too large or leads behind our walls is not kept, and the line stays', async () => {
  const attachments = await say('/nothing', '/large', '/inside');
  await until(async () => (await town.followUps()).length === 0);
  expect((await attachments()).map(({ fileId }) => fileId)).toEqual([null, null, null]);
});

test('a server that is in trouble is asked again', async () => {
  const attachments = await say('/trouble');
  await until(async () => (await attachments())[0]?.fileId !== null);
  expect(await attachments()).toMatchObject([{ bytes: PDF.length }]);
});
