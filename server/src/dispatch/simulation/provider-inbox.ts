import type { ProviderReceipt } from '../contract.ts';
import type { Member } from './fleet.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Timeline } from './timeline.ts';

const TRIES_MAX = 10;

/** Gives receipts of providers to dispatch as inbox/ does: at least once, to any process, until one has taken it in. */
export function createProviderInbox(parts: {
  timeline: Timeline;
  random: SeededRandom;
  someProcess(): Member | null;
}): (receipt: ProviderReceipt) => void {
  const { timeline } = parts;
  const report = (receipt: ProviderReceipt, tries: number): void => {
    const again = (ms: number): void => {
      if (tries < TRIES_MAX) timeline.after(ms, 'inbox', 'tries a receipt again', () => report(receipt, tries + 1));
    };
    const member = parts.someProcess();
    if (member === null) {
      again(1_000);
      return;
    }
    let isTaken = false;
    member.process.hear(() => {
      member.dispatch.takeReceipts([receipt]).then(
        (unknown) => {
          isTaken = true;
          if (unknown.length > 0) again(700); // its message's own answer may still be on the way
        },
        () => {},
      );
    });
    timeline.after(3_000, 'inbox', 'looks after a receipt', () => {
      if (!isTaken) again(0);
    });
  };
  return (receipt) => report(receipt, 1);
}
