import type { Clock } from '../platform/clock.ts';
import type { Backlog } from './backlog.ts';
import { type Catalog, type CatalogParts, readCatalog } from './catalog.ts';
import { type Checked, type CheckParts, check } from './check.ts';
import type { AcceptResult, NewNotification, Remember } from './contract.ts';
import { messageRejected, messagesAccepted, requestsCommitted } from './events.ts';
import { createGroupCommit, type Outcome } from './group-commit.ts';
import type { StepPlan } from './plan.ts';
import { type AcceptRequest, type StoreParts, storeTogether } from './store-accepted.ts';
import { distinctWork, type Work } from './work.ts';

// docs/decisions/0003-group-commit.md has the figures behind these.
const COMMITS = { batchMax: 200, atOnceMax: 4, waitingMax: 20_000, patienceMs: 20 } as const;

export interface AcceptParts extends CatalogParts, Omit<CheckParts, 'lines'>, StoreParts {
  clock: Clock;
  templates: CatalogParts['templates'] & CheckParts['templates'];
  backlog: Backlog;
  /** This was committed and is due. */
  onAccepted(work: readonly Work[]): void;
}

/** See Dispatch.accept. */
export type Accept = (accountId: number, items: readonly NewNotification[], remember?: Remember) => Promise<AcceptResult>;

interface Request {
  accountId: number;
  items: readonly NewNotification[];
  remember: Remember | undefined;
}

/** Takes requests in the order in which they came; those that come together are looked at and stored together. */
export function createAccept(parts: AcceptParts): Accept {
  const commits = createGroupCommit<Request, AcceptResult>({
    ...COMMITS,
    clock: parts.clock,
    commit: (requests) => acceptTogether(parts, requests),
  });
  return (accountId, items, remember) => commits.add({ accountId, items, remember }, Math.max(1, items.length));
}

async function acceptTogether(parts: AcceptParts, requests: readonly Request[]): Promise<readonly Outcome<AcceptResult>[]> {
  const now = parts.clock.now();
  const checked = await checkAll(parts, requests, now);
  const storable = requests.flatMap((request, index) => {
    const outcome = checked[index];
    return outcome?.status === 'fulfilled' ? [{ ...request, checked: outcome.value }] : [];
  });
  const stored = await storeTogether(parts, storable, new Date(now));
  requestsCommitted({ count: requests.length });
  report(parts, storable, stored, now);
  let next = 0;
  return checked.map((outcome) => (outcome.status === 'rejected' ? outcome : (stored[next++] as Outcome<AcceptResult>)));
}

/** What the requests of one account need is looked up at once; what cannot be looked up for one account is no matter of the others. */
async function checkAll(
  parts: AcceptParts,
  requests: readonly Request[],
  now: number,
): Promise<readonly Outcome<readonly Checked[]>[]> {
  const catalogs = new Map(
    [...Map.groupBy(requests, ({ accountId }) => accountId)].map(([accountId, own]) => [
      accountId,
      readCatalog(
        parts,
        accountId,
        own.flatMap(({ items }) => items),
      ),
    ]),
  );
  const checkParts = { ...parts, lines: parts.backlog };
  return Promise.allSettled(
    requests.map(async ({ accountId, items }) => {
      const catalog = (await catalogs.get(accountId)) as Catalog;
      return items.map((item) => {
        const result = check(checkParts, catalog, accountId, item, now);
        if ('steps' in result) parts.backlog.join(result.steps[0] as StepPlan, result.dueAt.getTime() - now);
        return result;
      });
    }),
  );
}

function report(
  { onAccepted }: AcceptParts,
  requests: readonly AcceptRequest[],
  stored: readonly Outcome<AcceptResult>[],
  now: number,
): void {
  const work: Work[] = [];
  let taken = 0;
  for (const [place, outcome] of stored.entries()) {
    if (outcome.status === 'rejected' || outcome.value.kind !== 'accepted') continue;
    for (const [index, answer] of outcome.value.answers.entries()) {
      const candidate = requests[place]?.checked[index];
      if (!answer.ok) for (const { key } of answer.reasons) messageRejected({ reason: key });
      else if (candidate !== undefined && 'steps' in candidate) {
        const { laneId, connectionId } = candidate.steps[0] as StepPlan;
        const { accountId, priority } = candidate;
        taken += 1;
        if (candidate.dueAt.getTime() <= now)
          work.push({ laneId, connectionId, priority, accountId, dueAt: candidate.dueAt.getTime(), messageId: answer.messageId });
      }
    }
  }
  if (taken === 0) return;
  messagesAccepted({ kind: 'notification', count: taken });
  onAccepted(distinctWork(work));
}
