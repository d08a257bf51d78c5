import type { InboundEvent, Outgoing } from '../src/channel.ts';
import { parseJson } from '../src/json.ts';
import { createVkChannel, parseVkEvent, type VkChannel, type VkChannelOptions } from '../src/vk/vk.ts';
import { useSimulatedNetworks } from './use-simulated-networks.ts';

export const GROUP = '213243638';
export const ANNA = { phone: '79999999999', id: '37119444' };
export const DINA = { phone: '79990000004', id: '37119448' };
export const VERA = { phone: '79990000002', id: '37119446' }; // has blocked the group
export const never = new AbortController().signal;

let lastKey = 0;
/** To Anna, unless somebody else is named. */
export const message = (fields: Partial<Outgoing> = {}): Outgoing => ({
  dedupKey: `vk-conformance-${++lastKey}`,
  network: 'vk',
  groupId: GROUP,
  recipientId: ANNA.id,
  text: 'Привет',
  ...fields,
});

/** For test files: the simulated VK, with channels of ours to its demo group. To be called at the top of the file. */
export function useSimulatedVk() {
  const networks = useSimulatedNetworks();
  return {
    control: networks.control,
    open: (options: Partial<VkChannelOptions> = {}): VkChannel => {
      const usual = {
        baseUrl: `${networks.url}/vk`,
        token: 'vk1.demo',
        groupId: GROUP,
        timeoutMs: 10_000,
        setUpCallsPerSecond: 18,
      };
      return networks.opening(createVkChannel({ ...usual, ...options }));
    },
    act: (phone: string, action: string, fields: object = {}) =>
      networks.control('POST', `/people/${phone}/${action}`, { network: 'vk', ...fields }),
    /** Texts that the person got, in their order. */
    async inboxOf(phone: string): Promise<string[]> {
      return ((await networks.control('GET', `/people/${phone}/inbox`)) as { text: string }[]).map(({ text }) => text);
    },
    faults: (fields: object) => networks.control('POST', '/faults', { network: 'vk', ...fields }),
    /** Sends one message; its id. */
    async idOf(channel: VkChannel, fields?: Partial<Outgoing>): Promise<string> {
      const [outcome] = await channel.send([message(fields)], never);
      if (outcome?.kind !== 'sent') throw new Error(`not sent: ${JSON.stringify(outcome)}`);
      return outcome.networkId;
    },
    /** All that comes after `deed`, of kinds that mean something to us. */
    async eventsOf(channel: VkChannel, deed: () => Promise<unknown>): Promise<InboundEvent[]> {
      const { state } = await channel.poll(null, 1, never);
      await deed();
      const { bodies } = await channel.poll(state, 5, never);
      return bodies.flatMap((body) => parseVkEvent(parseJson(body))).filter(({ kind }) => kind !== 'other');
    },
  };
}
