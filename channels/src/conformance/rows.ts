import type { BreakingFront } from '../../test/breaking-front.ts';
import type { SimulatedNetworks } from '../../test/simulated-networks.ts';
import type { Channel } from '../channel.ts';
import type { SideName } from './empty-cells.ts';
import type { Told } from './outcomes.ts';

export interface Closing {
  close?(): Promise<void>;
}

/** The simulated networks as a row finds them, and somebody of ours to whom nothing happens. */
export interface Town<Party> {
  networks: SimulatedNetworks;
  front: BreakingFront;
  /** Right token, patient, and past the front. */
  party: Party;
}

/** The calls of one cell, once all that they need is there. */
export interface Prepared<Party> {
  call(party: Party): Promise<Told>;
  /** Something that the network refuses by itself; only where the row says so. */
  refused?(party: Party): Promise<Told>;
  /** Takes down what stands beside the simulator. */
  end?(): PromiseLike<void>;
}

/** One method of a network's side, with all that its cells need. */
export interface Row<Party> {
  method: string;
  /** As the network names the call that meets its errors; only where it can be told to fail one call alone. */
  wireMethod?: string;
  /** Whether the network has a reason of its own to refuse it, or must be told to answer with an error that refuses. */
  refusedBy: 'itself' | 'an error';
  /** What the same call gives after its answer was lost, where that is not `done`. */
  againAfterLoss?: Told['kind'];
  prepare(town: Town<Party>): Promise<Prepared<Party>>;
}

/** One side that speaks to a network, with the cells of its table. */
export interface Side<Party extends Closing> {
  name: SideName;
  /** What to open besides its usual self. */
  open(url: string, options?: { timeoutMs?: number; hasWrongToken?: boolean }): Party;
  /** All that it has, or could have: each has a row, or a reason why not. */
  methods: readonly string[];
  /** Party of the simulator's faults. */
  faults: 'vk' | 'ok' | 'notify';
  /** Makes the network answer the row's calls with an error that passes, or refuses. */
  answerWithError(error: 'passing' | 'refused', row: Row<Party>, town: Town<Party>): Promise<void>;
  rows: readonly Row<Party>[];
}

type NamesOfMethods<Type> = {
  [Name in keyof Type]-?: NonNullable<Type[Name]> extends (...args: never[]) => unknown ? Name : never;
}[keyof Type];

/** Names as the keys of an object, so that the compiler finds one that is missing. */
export type Methods<Type> = Readonly<Record<Exclude<NamesOfMethods<Type>, 'close'>, true>>;

const OF_A_CHANNEL: Methods<Channel> = {
  send: true,
  edit: true,
  delete: true,
  showTyping: true,
  markRead: true,
  answerButton: true,
  upload: true,
  history: true,
  dialogs: true,
  message: true,
  profiles: true,
  chat: true,
  receipts: true,
  keepAlive: true,
  check: true,
  subscribeWebhook: true,
  unsubscribeWebhook: true,
  confirmation: true,
  poll: true,
};

/** What a channel may have, in the order of the tables. */
export const CHANNEL_METHODS = Object.keys(OF_A_CHANNEL);

export const never = new AbortController().signal;
export const TIMEOUT_MS = 10_000;

export const ANNA = { phone: '79999999999', vk: '37119444', ok: '123456789012' };
export const DINA = { phone: '79990000004', vk: '37119448', ok: '123456789016' };
/** Has blocked the VK group and is not on OK. */
export const VERA = { vk: '37119446' };

/** Waits until `look` gives something; throws after a minute, longer than any busy machine may take. */
export async function until<Value>(look: () => Promise<Value | undefined>): Promise<Value> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`not within a minute: ${look}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
