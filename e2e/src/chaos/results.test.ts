import { expect, test } from 'vitest';
import { type Result, tableOf, withTable } from './results.ts';

const TAKEN = {
  takenAt: '2026-05-01T10:00:00.000Z',
  commit: 'abc1234',
  machine: '2 cores',
  load: '120/s in 10 queues',
  seconds: 30,
};
const COUNTED = {
  ...{ accepted: 4_000, lost: 0, doubled: 0, allowedDoubles: 2, unheard: 0, overLimit: 0, worstSecond: 50 },
  leastPerSecond: 49.42,
  ...{ recoverySeconds: 5.84, failedRequests: 3 },
};
const kept: Result = { ...TAKEN, came: { ...COUNTED, broken: [] } };
const broken: Result = { ...TAKEN, came: { ...COUNTED, lost: 1, broken: ['1 accepted messages never came to the network'] } };
const skipped: Result = { ...TAKEN, came: { skipped: 'strace cannot be used here' } };

test('the table tells what came of each scenario, and in sentences what was broken and what was skipped', () => {
  const lines = tableOf({ 'server-kill': kept, paused: broken, 'fdatasync-fails': skipped }).split('\n');
  expect(lines).toContain(
    '| server-kill | kept | 120/s in 10 queues, 30 s | 4000 | 0 | 0 | 0 | 50 | 49.4 | 5.84 | 3 | 2 | 2026-05-01, abc1234 |',
  );
  expect(lines).toContain('- **paused broke a promise**: 1 accepted messages never came to the network');
  expect(lines).toContain('- **fdatasync-fails was skipped**: strace cannot be used here');
  expect(lines.filter((line) => line === '- Machine: 2 cores')).toHaveLength(1);
});

test('the page keeps everything around its table', () => {
  const [begin, end] = ['<!-- chaos: written by npm run chaos -->', '<!-- chaos: end -->'];
  expect(withTable(`before\n${begin}\nold\n${end}\nafter`, 'chaos', 'new')).toBe(`before\n${begin}\nnew\n${end}\nafter`);
  expect(() => withTable('a page without marks', 'chaos', 'new')).toThrow('docs/proofs.md must hold the lines');
});
