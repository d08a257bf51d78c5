import { Transformer } from '@napi-rs/image';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startIncomingTown } from '../../test/incoming-town.ts';
import type { Caller } from '../accounts/accounts.ts';
import { createFiles } from '../files/files.ts';
import { systemClock } from '../platform/clock.ts';
import { createLogger } from '../platform/telemetry.ts';
import { KEY, type Stand, startStand } from './http-stand.ts';

let town: Awaited<ReturnType<typeof startIncomingTown>>;
let stand: Stand;
beforeAll(async () => {
  town = await startIncomingTown();
  const { database, dialogs, account } = town;
  const files = createFiles({ database, clock: systemClock, log: createLogger('silent'), bytesMax: 1_000_000 });
  const callers: Record<string, Caller> = {
    [KEY]: { accountId: account.id, accountName: 'shop', keyId: 'k', scopes: ['send', 'read'] },
    stranger: { accountId: account.id + 1, accountName: 'other', keyId: 's', scopes: ['send', 'read'] },
  };
  stand = await startStand({
    ...{ dialogs: { ...dialogs, list: dialogs.list }, files },
    accounts: { authenticate: async (key: string) => callers[key] ?? null } as never,
  });
});
afterAll(async () => {
  await stand[Symbol.asyncDispose]();
  await town[Symbol.asyncDispose]();
});

const upload = (name: string, payload: Buffer) =>
  stand.call({ method: 'POST', url: `/v1/files?name=${encodeURIComponent(name)}`, payload });
const get = (url: string, headers = {}) => stand.app.inject({ url, headers: { authorization: `Key ${KEY}`, ...headers } });

test('what was uploaded comes back as it came, as a download that can do nothing in a page', async () => {
  const bytes = Buffer.from('<html><script>alert(1)</script>');
  const { status, body } = await upload('прайс "лист".html', bytes);
  expect([status, body.kind, body.contentType, body.bytes]).toEqual([200, 'file', 'application/octet-stream', bytes.length]);
  const { headers, rawPayload } = await get(`/v1/files/${body.id}/content`);
  expect(rawPayload.equals(bytes)).toBe(true);
  expect(headers).toMatchObject({
    'content-type': 'application/octet-stream',
    'content-disposition': "attachment; filename*=UTF-8''%D0%BF%D1%80%D0%B0%D0%B9%D1%81%20%22%D0%BB%D0%B8%D1%81%D1%82%22.html",
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.stringContaining('sandbox'),
    'cross-origin-resource-policy': 'same-origin',
  });
});

test('a part of a picture is given for a range, and a thumbnail of the whole', async () => {
  const png = await Transformer.fromRgbaPixels(new Uint8Array(900 * 900 * 4).fill(90), 900, 900).png();
  const { body } = await upload('фото.png', png);
  expect(body).toMatchObject({ name: 'фото.png', kind: 'image', width: 900, height: 900, hasThumbnail: true });
  const part = await get(`/v1/files/${body.id}/content`, { range: 'bytes=1-3' });
  expect([
    part.statusCode,
    part.payload,
    part.headers['content-range'],
    part.headers['content-disposition']?.toString().slice(0, 6),
  ]).toEqual([206, 'PNG', `bytes 1-3/${png.length}`, 'inline']);
  expect((await get(`/v1/files/${body.id}/content`, { range: `bytes=${png.length}-` })).statusCode).toBe(416);
  const thumbnail = await get(`/v1/files/${body.id}/thumbnail`);
  expect(await new Transformer(thumbnail.rawPayload).metadata()).toMatchObject({ format: 'webp', width: 480 });
  expect((await get(`/v1/files/${body.id}`)).json()).toEqual(body);
});

test('names without anything to see, bodies that are empty or too large, and unknown dialogs are refused', async () => {
  const refused = async (answer: Promise<{ status: number; body: { error: { code: string; field: string | null } } }>) => {
    const { status, body } = await answer;
    return [status, body.error.code, body.error.field];
  };
  const post = (url: string, payload = Buffer.from('x')) => stand.call({ method: 'POST', url, payload });
  expect(await refused(upload('/\u0000/', Buffer.from('x')))).toEqual([400, 'parameter.invalid', 'name']);
  expect(await refused(upload('a'.repeat(201), Buffer.from('x')))).toEqual([400, 'parameter.invalid', 'name']);
  expect(await refused(upload('a', Buffer.alloc(0)))).toEqual([400, 'file.empty', null]);
  expect(await refused(upload('a', Buffer.alloc(1_000_001)))).toEqual([413, 'file.too.large', null]);
  expect(await refused(post('/v1/files?dialogId=999999'))).toEqual([404, 'not.found', 'dialogId']);
  expect(await refused(post('/v1/files?dialogId=x'))).toEqual([400, 'parameter.invalid', 'dialogId']);
  expect(await refused(stand.call({ method: 'GET', url: '/v1/files/99999999999999999999' }))).toEqual([404, 'not.found', null]);
});

test('nobody sees a file of another account', async () => {
  const { body } = await upload('secret.txt', Buffer.from('x'));
  for (const path of ['', '/content', '/thumbnail']) {
    const { statusCode } = await get(`/v1/files/${body.id}${path}`, { authorization: 'Key stranger' });
    expect(statusCode, path).toBe(404);
  }
});

test('a dialog is taken away as a page that runs nothing, and as JSON, whatever was said in it', async () => {
  await town.post('vk', town.vkMessage('<script>alert("x")</script> & \u2028 до свидания'));
  await town.settled();
  const [dialog] = (await stand.call({ method: 'GET', url: '/v1/dialogs' })).body.items;
  const page = await get(`/v1/dialogs/${dialog.id}/export`);
  expect(page.headers['content-disposition']).toBe(`attachment; filename="dialog-${dialog.id}.html"`);
  expect(page.payload).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp;');
  expect(page.payload).not.toContain('<script');
  const json = await get(`/v1/dialogs/${dialog.id}/export?form=json`);
  const { messages, ...rest } = JSON.parse(json.payload);
  expect(rest).toEqual({ dialogId: dialog.id, channel: 'VK', groupId: town.groupIds.vk });
  expect(messages).toEqual((await stand.call({ method: 'GET', url: `/v1/dialogs/${dialog.id}/messages` })).body.items.reverse());
  expect((await get(`/v1/dialogs/${dialog.id}/export`, { authorization: 'Key stranger' })).statusCode).toBe(404);
});
