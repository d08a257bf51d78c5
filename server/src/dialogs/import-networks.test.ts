import { createOkChannel, createVkChannel } from '@soroka/channels';
import { startSimulator } from '@soroka/simulator';
import { expect, test } from 'vitest';
import { startIncomingTown } from '../../test/incoming-town.ts';
import { systemClock } from '../platform/clock.ts';
import { createImport } from './dialogs.ts';

// It begins when the words have been said: VK's moments are whole seconds.
const clock = { ...systemClock, now: () => systemClock.now() + 2_000, sleep: async () => {} };
const ANNA = '79999999999';
const DIMA = '79990000004';
const WORDS = Array.from({ length: 230 }, (_, index) => `слово ${index}`);

test.each([
  ['vk', '213243638'],
  ['ok', '70000000000001'],
] as const)(
  'what people wrote to a group of %s before it was connected is brought in whole, in order',
  async (network, groupId) => {
    await using town = await startIncomingTown();
    const simulator = await startSimulator({ port: 0 });
    try {
      const control = async (path: string, body: object): Promise<void> => {
        const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
        const response = await fetch(`${simulator.url}/control${path}`, init);
        if (!response.ok) throw new Error(`${path} was answered with ${response.status}: ${await response.text()}`);
      };
      // More than a page of any network.
      for (const text of WORDS) await control(`/people/${ANNA}/say`, { network, text });
      await control(`/people/${DIMA}/say`, { network, text: 'и я' });
      await control(`/groups/${network}/${groupId}/write-as-admin`, { phone: DIMA, text: 'здравствуйте' });
      const options = { baseUrl: `${simulator.url}/${network}`, groupId, timeoutMs: 5_000 };
      const channel =
        network === 'vk'
          ? createVkChannel({ ...options, token: 'vk1.demo' })
          : createOkChannel({ ...options, graphToken: 'tkn18YdUJZe:CQABPOJKAKEKEKEKE' });
      const history = createImport({
        ...{ database: town.database, contacts: town.contacts, clock },
        connections: { get: town.connections.get, channel: async () => channel },
      });
      // The world may stamp what was just said with this very millisecond or second: later comes by events.
      await systemClock.sleep(1_100);
      const run = () => history.run(town.connectionIds[network], { signal: new AbortController().signal });
      expect(await run()).toEqual({ kind: 'done', dialogs: 2, messages: WORDS.length + 2, skipped: 0 });
      expect(await run()).toEqual({ kind: 'done', dialogs: 2, messages: 0, skipped: 0 });

      const { items } = await town.dialogs.list(town.account.id, { limit: 10 });
      const annas = items.find(({ lastMessage }) => lastMessage?.text === WORDS.at(-1));
      const dimas = items.find(({ lastMessage }) => lastMessage?.text === 'здравствуйте');
      expect([items.length, dimas?.lastMessage?.direction]).toEqual([2, 'out']);
      const page = await town.dialogs.messages(town.account.id, annas?.id as number, { limit: 1_000 });
      expect(page?.items.map(({ text }) => text).reverse()).toEqual(WORDS);
      await channel.close?.();
    } finally {
      await simulator.stop();
    }
  },
);
