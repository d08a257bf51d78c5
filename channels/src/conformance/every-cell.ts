import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type BreakingFront, startBreakingFront } from '../../test/breaking-front.ts';
import { type SimulatedNetworks, startSimulatedNetworks } from '../../test/simulated-networks.ts';
import { EXPECTED, OUTCOME_NAMES, type Outcome, type Told } from './outcomes.ts';
import type { Closing, Prepared, Row, Side, Town } from './rows.ts';
import { reasonOf } from './table.ts';

/** For answers that never come. */
const IMPATIENT_MS = 150;

/** None of these may stand in what an operator reads. */
const SECRETS = /vk1\.|tkn1|DEMOAPPSECRET|notify-demo|ok-user|ok-refresh|demo-code|wrong-key|79999999999/i;

/** How the simulated network is made to do what a column says. */
const CALLS_BY_OUTCOME: Readonly<
  Record<Outcome, <Party extends Closing>(cell: Cell<Party>, open: Open<Party>) => Promise<Told>>
> = {
  done: ({ prepared }, open) => prepared.call(open()),
  async refused({ prepared, row, side, town }, open) {
    if (row.refusedBy === 'itself') return (prepared.refused ?? missing(row))(open());
    await side.answerWithError('refused', row, town);
    return prepared.call(open(town.front.url));
  },
  async passing({ prepared, row, side, town }, open) {
    await side.answerWithError('passing', row, town);
    return prepared.call(open(town.front.url));
  },
  token: ({ prepared }, open) => prepared.call(open(undefined, { hasWrongToken: true })),
  status503: (cell, open) => withFault('error5xx', cell, open),
  lostBefore: (cell, open) => withFault('timeoutBefore', cell, open),
  async lostAfter(cell, open) {
    const told = await withFault('timeoutAfter', cell, open);
    const again = await cell.prepared.call(open());
    expect({ again: again.kind, detail: again.detail }).toMatchObject({ again: cell.row.againAfterLoss ?? 'done' });
    return told;
  },
  page: (cell, open) => brokenBy('page', cell, open),
  cut: (cell, open) => brokenBy('cut', cell, open),
};

interface Cell<Party extends Closing> {
  side: Side<Party>;
  row: Row<Party>;
  town: Town<Party>;
  prepared: Prepared<Party>;
}
type Open<Party extends Closing> = (url?: string, options?: Parameters<Side<Party>['open']>[1]) => Party;

async function withFault<Party extends Closing>(
  fault: 'error5xx' | 'timeoutBefore' | 'timeoutAfter',
  { side, town, prepared }: Cell<Party>,
  open: Open<Party>,
): Promise<Told> {
  const setRate = (rate: number) => town.networks.control('POST', '/faults', { network: side.faults, [fault]: rate });
  await setRate(1);
  const told = await prepared.call(open(undefined, fault === 'error5xx' ? {} : { timeoutMs: IMPATIENT_MS }));
  await setRate(0);
  return told;
}

function brokenBy<Party extends Closing>(breakage: 'page' | 'cut', { town, prepared }: Cell<Party>, open: Open<Party>) {
  town.front.breakWith(breakage);
  return prepared.call(open(town.front.url));
}

function missing({ method }: { method: string }): never {
  throw new Error(`${method} is to be refused by the network itself, and its row does not say how`);
}

/** Runs every cell of a side against the simulator, but for those that EMPTY_CELLS gives a reason for. */
export function runEveryCell<Party extends Closing>(side: Side<Party>): void {
  vi.setConfig({ testTimeout: 30_000 });
  let networks: SimulatedNetworks;
  let front: BreakingFront;
  beforeAll(async () => {
    networks = await startSimulatedNetworks();
    front = await startBreakingFront(networks.url);
  }, 20_000);
  beforeEach(async () => {
    front.breakWith(null);
    await networks.control('POST', '/reset', { subscriptions: true });
  });
  afterAll(async () => {
    await front[Symbol.asyncDispose]();
    await networks[Symbol.asyncDispose]();
  });

  describe.each(side.rows.map((row) => ({ method: row.method, row })))('$method', ({ row }) => {
    const outcomes = OUTCOME_NAMES.filter((outcome) => reasonOf(side.name, row.method, outcome) === null);
    test.each(outcomes)('%s', async (outcome) => {
      const opened: Party[] = [];
      const open: Open<Party> = (url = networks.url, options = {}) => {
        const party = side.open(url, options);
        opened.push(party);
        return party;
      };
      const town = { networks, front, party: open() };
      const prepared = await row.prepare(town);
      try {
        const told = await CALLS_BY_OUTCOME[outcome]({ side, row, town, prepared }, open);
        expect(told).toMatchObject({ kind: EXPECTED[told.form][outcome] });
        // A send is told by its code; everything else by a sentence as well.
        if (told.form !== 'send' && told.kind !== 'done') expect(told.detail).toMatch(/\w/);
        expect(told.detail).not.toMatch(SECRETS);
      } finally {
        await Promise.all(opened.map((party) => party.close?.()));
        await prepared.end?.();
      }
    });
  });
}
