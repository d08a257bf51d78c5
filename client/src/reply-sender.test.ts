import { createClient, ERRORS, type ErrorCode } from '@soroka/api';
import { expect, test } from 'vitest';
import { createReplySender, type OutboxItem } from './client.ts';

const ITEM: OutboxItem = {
  ...{ localId: 'bubble-1', dialogId: 7, text: 'Уже едет', createdAtMs: 0, attempts: 1, nextAtMs: 0 },
  ...{ state: 'sending', refusal: null, fileIds: [12], replyTo: 90 },
};

/** Gives the item to a server that answers so; with it, what the server was asked. */
async function give(answer: () => Response | Promise<Response>) {
  const asked: { url: string; key: string | null; body: unknown }[] = [];
  const fetchLike: typeof fetch = async (url, init) => {
    asked.push({
      url: String(url),
      key: new Headers(init?.headers).get('idempotency-key'),
      body: JSON.parse(String(init?.body)),
    });
    return answer();
  };
  const send = createReplySender(createClient({ baseUrl: 'https://soroka.example', session: 's', fetch: fetchLike }));
  return { outcome: await send(ITEM), asked };
}
const refusal = (code: ErrorCode) =>
  Response.json({ error: { code, field: null, message: code, hint: '' } }, { status: ERRORS[code].status });

test('what waits is given whole, under its own key', async () => {
  const { outcome, asked } = await give(() => Response.json({ messageId: 1_000_001 }));
  expect(outcome).toEqual({ kind: 'sent', messageId: 1_000_001 });
  expect(asked).toEqual([
    {
      url: 'https://soroka.example/v1/dialogs/7/messages',
      key: 'bubble-1',
      body: { text: 'Уже едет', fileIds: [12], replyTo: 90 },
    },
  ]);
});

test.each<ErrorCode>(['conversation.owned', 'dialog.unreachable', 'parameter.invalid', 'not.found'])(
  '%s is told to its author',
  async (code) => {
    expect((await give(() => refusal(code))).outcome).toEqual({ kind: 'refused', code });
  },
);

test.each<[string, () => Response]>([
  ['the database is away', () => refusal('unavailable')],
  ['too many ask', () => refusal('rate.limit')],
  ['the first try is not over', () => refusal('idempotency.key.running')],
  ['a proxy answers for the server', () => new Response('<html>Bad gateway</html>', { status: 403 })],
  ['no answer comes', () => Response.error()],
])('where %s it is tried again', async (_, answer) => {
  expect((await give(answer)).outcome).toEqual({ kind: 'unknown' });
});
