import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { pageOf, readRuns } from './page.ts';
import type { Results, Section } from './report.ts';

const DOCS = new URL('../../docs/', import.meta.url);
const MACHINE: Results['machine'] = {
  cores: 2,
  cpu: 'A & B <fast>',
  memoryGiB: 4,
  node: 'v24.0.0',
  postgres: '15.1',
  postgresSettings: 'fsync=on',
  fsync: 'fdatasync 7700 ops/s, 130 µs',
  commit: 'abc1234',
};
const dispatch = (perSecond: number): Section => ({
  name: 'dispatch',
  rows: [{ limits: 'normal', 'messages/s': perSecond }],
  notes: ['of the simulator'],
});
const run = (takenAt: string, ...sections: Section[]) => ({
  name: takenAt.slice(0, 10),
  results: { takenAt, machine: MACHINE, payload: 'a notification', sections },
});

test('docs/benchmarks.md and its pictures are what the recorded results make (npm run bench -- --page)', async () => {
  const runs = await readRuns(fileURLToPath(new URL('../results', import.meta.url)));
  for (const [path, content] of pageOf(runs)) expect(readFileSync(new URL(path, DOCS), 'utf8'), path).toBe(content);
});

describe('the page', () => {
  test('shows each benchmark as it was measured last, with the run, the machine, the disk and the payload', () => {
    const page = pageOf([
      run('2026-11-23T10:00:00Z', dispatch(4_950)),
      run('2026-11-22T10:00:00Z', dispatch(1_234), { name: 'intake', rows: [{ 'events/s': 500 }], notes: [] }),
    ]).get('benchmarks.md');
    expect(page).toContain('4,950');
    expect(page).not.toContain('1,234');
    expect(page).toContain('Measured in [2026-11-22](../bench/results/2026-11-22.md)');
    for (const fact of ['fdatasync 7700 ops/s, 130 µs', 'commit: abc1234', 'payload: a notification'])
      expect(page).toContain(fact);
  });

  test('leads to runs that none of its figures come from any more', () => {
    const page = pageOf([run('2026-11-23T10:00:00Z', dispatch(4_950)), run('2026-11-22T10:00:00Z', dispatch(1_234))]).get(
      'benchmarks.md',
    );
    expect(page).toContain('### Earlier runs\n\n- [2026-11-22](../bench/results/2026-11-22.md)');
  });

  test('says what will stand there while nothing is recorded', () => {
    const files = pageOf([]);
    expect([...files.keys()]).toEqual(['benchmarks.md']);
    expect(files.get('benchmarks.md')).toContain('No run is recorded yet');
  });

  test('leads to a picture of each section that has one', () => {
    const files = pageOf([run('2026-11-22T10:00:00Z', dispatch(4_950))]);
    expect([...files.keys()].sort()).toEqual(['benchmarks.md', 'benchmarks/dispatch.svg']);
    expect(files.get('benchmarks.md')).toContain('(benchmarks/dispatch.svg)');
  });
});
