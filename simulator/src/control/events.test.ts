import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../simulator.ts';
import { controlClient } from './test/control-client.ts';

interface ServerEvent {
  event: string;
  data: Record<string, unknown>;
}

let simulator: Simulator;
let control: ReturnType<typeof controlClient>;
let stopWatching: AbortController;
beforeEach(async () => {
  simulator = await startSimulator({ seed: 1 });
  control = controlClient(simulator);
  stopWatching = new AbortController();
});
afterEach(async () => {
  stopWatching.abort();
  await simulator.stop();
});

/** Gathers what the stream sends, from its first snapshot on. */
async function watch(phone: string): Promise<ServerEvent[]> {
  const got: ServerEvent[] = [];
  const answer = await fetch(`${simulator.url}/control/events?phone=${phone}`, { signal: stopWatching.signal });
  if (answer.body === null) throw new Error('the stream has no body');
  const gather = async (body: ReadableStream<Uint8Array>): Promise<void> => {
    let text = '';
    for await (const part of body.pipeThrough(new TextDecoderStream())) {
      text += part;
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const [, event = '', data = ''] = /^event: (.+)\ndata: (.+)$/.exec(block) ?? [];
        if (event !== '') got.push({ event, data: JSON.parse(data) });
      }
    }
  };
  gather(answer.body).catch(() => {}); // ended by the test
  await expect.poll(() => got[0]?.event).toBe('snapshot');
  return got;
}

test('a watcher sees what stands, then what changes: messages, ticks, calls, faults', async () => {
  const got = await watch('79999999999');
  expect(got[0]?.data).toMatchObject({ person: { name: 'Анна Белова' }, messages: [], calls: [], world: { speed: 1 } });
  const after = () => got.slice(1).filter(({ event }) => event === 'update');
  const messages = () => after().flatMap(({ data }) => (data['messages'] as object[] | undefined) ?? []);

  await control.post('people/79999999999/say', { network: 'vk', text: 'Привет' });
  await expect.poll(messages).toMatchObject([{ text: 'Привет', ticks: 'sent' }]);
  const body = new URLSearchParams({ access_token: 'vk1.demo', v: '5.199', peer_id: '37119444', mark_conversation_as_read: '1' });
  await fetch(`${simulator.url}/vk/method/messages.markAsRead`, { method: 'POST', body });
  await expect.poll(messages).toMatchObject([{ ticks: 'sent' }, { text: 'Привет', ticks: 'seen' }]);
  await expect
    .poll(() => after().flatMap(({ data }) => (data['calls'] as object[] | undefined) ?? []))
    .toContainEqual(expect.objectContaining({ method: 'messages.markAsRead', status: 200 }));
  await control.post('faults', { network: 'vk', error5xx: 1 });
  await expect.poll(() => after().at(-1)?.data['world']).toMatchObject({ faults: { vk: { error5xx: 1 } } });
});

test("what concerns somebody else's phones is not told", async () => {
  const got = await watch('79999999999');
  await control.post('people/79990000004/say', { network: 'vk', text: 'Это Дина' });
  await control.post('people/79999999999/say', { network: 'vk', text: 'Это Анна' });
  await expect.poll(() => JSON.stringify(got)).toContain('Это Анна');
  expect(JSON.stringify(got)).not.toContain('Это Дина');
});

test('typing of the group and its answer to a press pass by as signs', async () => {
  const got = await watch('79999999999');
  const body = new URLSearchParams({ access_token: 'vk1.demo', v: '5.199', peer_id: '37119444', type: 'typing' });
  await control.post('people/79999999999/say', { network: 'vk', text: 'Привет' });
  await fetch(`${simulator.url}/vk/method/messages.setActivity`, { method: 'POST', body });
  await expect
    .poll(() => got.filter(({ event }) => event === 'sign').map(({ data }) => data))
    .toMatchObject([{ chat: 'vk:dialog:213243638', kind: 'activity', activity: 'typing' }]);
});

test('a reset sends everything anew', async () => {
  const got = await watch('79999999999');
  await control.post('people/79999999999/say', { network: 'vk', text: 'Привет' });
  await expect.poll(() => JSON.stringify(got)).toContain('Привет');
  await control.post('reset');
  await expect.poll(() => got.at(-1)).toMatchObject({ event: 'snapshot', data: { messages: [] } });
});

test('nobody can be watched who is not there', async () => {
  expect(await control.call('GET', 'events?phone=71')).toMatchObject({ status: 404, body: { error: { field: 'phone' } } });
});
