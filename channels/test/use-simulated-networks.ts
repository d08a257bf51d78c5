import { afterAll, afterEach, beforeAll, beforeEach, vi } from 'vitest';
import { type SimulatedNetworks, startSimulatedNetworks } from './simulated-networks.ts';

interface Closing {
  close?(): Promise<void>;
}

export interface NetworksOfAFile extends Pick<SimulatedNetworks, 'control'> {
  /** Known once a test runs. */
  readonly url: string;
  /** Closes it after the test. */
  opening<Client extends Closing>(client: Client): Client;
}

/** For test files: one simulator for all tests of a file, put back to its start before each. To be called at the top of the file. */
export function useSimulatedNetworks(reset?: { subscriptions: true }): NetworksOfAFile {
  vi.setConfig({ testTimeout: 30_000 });
  let networks: SimulatedNetworks;
  const opened: Closing[] = [];
  beforeAll(async () => {
    networks = await startSimulatedNetworks();
  }, 20_000);
  beforeEach(() => networks.control('POST', '/reset', reset));
  afterEach(() => Promise.all(opened.splice(0).map((client) => client.close?.())));
  afterAll(() => networks[Symbol.asyncDispose]());
  return {
    get url() {
      return networks.url;
    },
    control: (method, path, body) => networks.control(method, path, body),
    opening(client) {
      opened.push(client);
      return client;
    },
  };
}

/** Waits until `check` no longer throws: as long as a busy machine may take. */
export const eventually = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 60_000, interval: 20 });
