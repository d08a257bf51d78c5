import { expect, test } from 'vitest';
import { readClaims } from './claims.ts';

const line = (pid: number, ms: number, what: string): string =>
  `2026-11-22 12:00:00.000 UTC [${pid}] LOG:  duration: ${ms} ms  ${what}`;

test('a claim is its transaction, and finding is what its own statement took to plan and to run', () => {
  const log = [
    line(7, 0.5, 'statement: begin'),
    line(7, 0.25, 'bind dispatch.claim.due: '),
    '\t    select d.message_id',
    line(9, 90, 'statement: begin'),
    line(7, 1, 'execute dispatch.claim.due: '),
    line(9, 90, 'execute dispatch.settle: '),
    line(7, 2, 'execute dispatch.claim.mark: '),
    line(7, 4, 'statement: commit'),
    line(9, 90, 'statement: commit'),
  ].join('\n');
  expect(readClaims(log)).toEqual([{ findMs: 1.25, wholeMs: 7.75 }]);
});

test('a look that found nothing, one that was rolled back before it took anything, and halves are no claims', () => {
  const empty = [line(1, 1, 'statement: begin'), line(1, 1, 'execute dispatch.claim.due: '), line(1, 1, 'statement: commit')];
  const half = [
    line(2, 1, 'execute dispatch.claim.due: '),
    line(2, 1, 'execute dispatch.claim.mark: '),
    line(2, 1, 'statement: commit'),
  ];
  expect(readClaims([...empty, ...half].join('\n'))).toEqual([]);
});
