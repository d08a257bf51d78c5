import { readFixture } from '@soroka/fixtures';
import { afterEach, describe, expect, test } from 'vitest';
import { type Played, type PlayedRequest, type PlayedServer, playAnswers } from '../../../test/play-answers.ts';
import type { UploadedFile } from '../../actions.ts';
import { createOkChannel, type OkChannel } from '../ok-channel.ts';
import { tokenOf } from './ok-upload.ts';

const never = new AbortController().signal;
const NOW = new Date(1_800_000_000_000);
const open: OkChannel[] = [];
const channelAt = ({ url }: PlayedServer): OkChannel => {
  const channel = createOkChannel({ baseUrl: url, graphToken: 'tkn1:C2', groupId: '1', timeoutMs: 5_000, now: () => NOW });
  open.push(channel);
  return channel;
};
afterEach(() => Promise.all(open.splice(0).map((channel) => channel.close())));

/** Hands out an address on the same server, then answers the upload with `taken`. */
const placeThen =
  (taken: Played) =>
  ({ path, headers }: PlayedRequest): Played => {
    if (path !== '/graph/me/fileUploadUrl') return taken;
    const place = { ...(readFixture('ok/file-upload-url').body as object), url: `http://${headers.host}/upload.do?sig=s` };
    return { body: JSON.stringify(place) };
  };
const file = (kind: UploadedFile['kind'], contentType: string): UploadedFile => ({
  kind,
  name: 'файл.bin',
  contentType,
  bytes: new TextEncoder().encode('the bytes'),
});

describe('a file', () => {
  test.each([
    ['file', 'FILE', 'application/pdf'],
    ['voice', 'AUDIO', 'audio/ogg'],
    ['video', 'VIDEO', 'video/mp4'],
  ] as const)('(%s) is posted where OK says, with its name and type, and known by the first token', async (kind, type, mime) => {
    await using server = await playAnswers(placeThen({ body: '<html>ok' }));
    const outcome = await channelAt(server).upload(file(kind, mime), 'chat:C1', never);
    expect(outcome).toEqual({ kind: 'done', result: { kind, reference: `${NOW.getTime()}~tokenString` } });
    expect(outcome.kind === 'done' && outcome.result.kind !== 'image-url' && tokenOf(outcome.result.reference)).toBe(
      'tokenString',
    );
    const [place, upload] = server.requests;
    expect(place?.query.get('type')).toBe(type);
    expect(upload).toMatchObject({ method: 'POST', path: '/upload.do' });
    expect(upload?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
    expect(upload?.body).toContain('name="file"; filename="файл.bin"');
    expect(upload?.body).toContain(`Content-Type: ${mime}\r\n\r\nthe bytes\r\n`);
  });

  test('that is an image is known by the token in the answer to the upload', async () => {
    await using server = await playAnswers(placeThen({ body: '{"photos":{"1519bf4=":{"token":"photoToken"}}}' }));
    const outcome = await channelAt(server).upload(file('image', 'image/png'), 'chat:C1', never);
    expect(outcome).toEqual({ kind: 'done', result: { kind: 'image', reference: 'photoToken' } });
    expect(server.requests[1]?.body).toContain('name="pic1"');
  });
});

describe('an upload that OK does not take is a value', () => {
  test.each<[string, Played, object]>([
    ['for its form', { body: '{"photos":{}}' }, { kind: 'refused', networkCode: 'unreadable_answer' }],
    ['for its size', { body: '{"error_code":500,"error_msg":"x"}' }, { kind: 'refused', networkCode: '500' }],
    ['for a while', { status: 503, body: '' }, { kind: 'failed', networkCode: 'unanswered' }],
  ])('%s', async (_, taken, expected) => {
    await using server = await playAnswers(placeThen(taken));
    expect(await channelAt(server).upload(file('image', 'image/png'), 'chat:C1', never)).toMatchObject(expected);
  });

  test.each([
    ['{"error_code":103,"error_msg":"x"}', { kind: 'stopped' }],
    ['{"url":"file:///etc/passwd","token":"t"}', { kind: 'refused', networkCode: 'unreadable_answer' }],
    ['{}', { kind: 'refused', networkCode: 'unreadable_answer' }],
  ])('where it gives %s for a place', async (body, expected) => {
    await using server = await playAnswers({ body });
    expect(await channelAt(server).upload(file('file', 'text/plain'), 'chat:C1', never)).toMatchObject(expected);
    expect(server.requests).toHaveLength(1);
  });

  test('where it forgets the token of a file', async () => {
    const withoutToken = ({ path, headers }: PlayedRequest): Played => ({
      body: path === '/up' ? '' : JSON.stringify({ url: `http://${headers.host}/up`, file_id: 'a' }),
    });
    await using server = await playAnswers(withoutToken);
    expect(await channelAt(server).upload(file('file', 'text/plain'), 'chat:C1', never)).toMatchObject({ kind: 'refused' });
  });
});
