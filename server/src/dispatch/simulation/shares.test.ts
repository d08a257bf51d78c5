import { expect, test } from 'vitest';
import { crowdedScenario, type Departure, unfairness } from './shares.ts';
import { type Mutation, simulate } from './simulation.ts';
import { QUEUE_TWINS } from './store/queue-twins.ts';

async function crowd(seed: number, accounts: number, mutation?: Mutation): Promise<readonly string[]> {
  const scenario = crowdedScenario(seed, accounts);
  const asked = new Map(
    scenario.requests.flatMap((request) => request.items.map((item) => [item.text, { request, item }] as const)),
  );
  const departures: Departure[] = [];
  const { violations } = await simulate({
    ...{ seed, scenario, ...(mutation === undefined ? {} : { mutation }) },
    onLaunch({ text }, atMs) {
      const { request, item } = asked.get(text) as {
        request: { accountId: number; askedAtMs: number };
        item: { class?: Departure['class'] };
      };
      departures.push({ ...request, class: item.class ?? 'service', atMs });
    },
  });
  return [...violations, ...unfairness(departures, accounts)];
}

test.each([2, 3])(
  '%i accounts with more than the group takes each get nine tenths of their share of any 10 s, and what is urgent goes within 2 s',
  {
    timeout: 120_000,
  },
  async (accounts) => {
    expect(await crowd(accounts, accounts)).toEqual([]);
  },
);

test('whoever came first takes all: the shares tell', { timeout: 120_000 }, async () => {
  const firstComeFirstServed: Mutation = {
    twins: {
      'dispatch.claim.due': async (tx, tables, values) => {
        const limits = values[7] as number[];
        const all = limits.reduce((sum, limit) => sum + limit, 0);
        const first = (values[4] as number[]).indexOf(Math.min(...(values[4] as number[])));
        return QUEUE_TWINS['dispatch.claim.due'](
          tx,
          tables,
          values.with(
            7,
            limits.map((_, index) => (index === first ? all : 0)),
          ),
        );
      },
    },
  };
  expect(await crowd(1, 3, firstComeFirstServed)).toContainEqual(expect.stringMatching(/^Q1: account [23] gets/));
});
