import type { Queryable } from '../platform/database.ts';
import type { Trial } from './plan.ts';
import { restGets } from './recipients.ts';
import { type BroadcastRow, dueNext, setWinner } from './store.ts';

const SQL = {
  rates: {
    name: 'broadcast_trial_rates',
    text: `
      select
        variant::int as variant, count(*) filter (where state in ('waiting', 'handing'))::int as waiting, max(given_at) as "lastAt",
        count(sent_at)::int as sent, count(clicked_at)::int as clicked, count(answered_at)::int as answered, count(read_at)::int as read
      from broadcast_recipient
      where broadcast_id = $1 and variant is not null
      group by variant
      order by variant`,
  },
} as const;

interface Rates {
  variant: number;
  waiting: number;
  lastAt: Date | null;
  sent: number;
  clicked: number;
  answered: number;
  read: number;
}

const MINUTE_MS = 60_000;

/**
 * Chooses the variant that everybody else gets, once those of the trial have had it for as long as the plan says. True where it was chosen
 * just now. By hand: nothing is chosen until somebody does.
 */
export async function settleTrial(tx: Queryable, broadcast: BroadcastRow, now: Date): Promise<boolean> {
  const { id, plan, winner } = broadcast;
  const { trial } = plan;
  if (trial === undefined || plan.variants.length < 2 || winner !== null || trial.by === 'hand') return false;
  const rates = await tx.rows<Rates>(SQL.rates, [id]);
  const lastAt = Math.max(0, ...rates.map((one) => one.lastAt?.getTime() ?? 0));
  const isOver = rates.every(({ waiting }) => waiting === 0) && now.getTime() >= lastAt + trial.minutes * MINUTE_MS;
  if (!isOver) return false;
  const best = bestOf(rates, trial.by);
  await setWinner(tx, broadcast, best, now);
  await restGets(tx, id, best, now);
  await dueNext(tx, id, now, null);
  return true;
}

/** The variant with the highest share of those who got it; of two alike, the first. */
function bestOf(rates: readonly Rates[], by: Exclude<Trial['by'], 'hand'>): number {
  const share = (one: Rates): number => (one.sent === 0 ? 0 : one[by] / one.sent);
  return [...rates].sort((a, b) => share(b) - share(a) || a.variant - b.variant)[0]?.variant ?? 0;
}
