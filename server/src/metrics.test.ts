import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { registry } from './platform/telemetry.ts';
import './start.ts'; // loads every room, and with it every metric

const LIBRARY = /^soroka_(process|nodejs)_/;

/** Rows `name | type | labels` of docs/metrics.md. */
function documented(): string[] {
  const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const rows = page.matchAll(/^\| `(\w+)` \| (\w+) \| (none|`[\w`, ]+) \| \S.* \|$/gm);
  return [...rows].map(([, name, type, labels = '']) => `${name} | ${type} | ${labels.replaceAll('`', '')}`);
}

async function registered(): Promise<string[]> {
  // prom-client's own types leave the labels out.
  const labelsOf = new Map(
    (registry.getMetricsAsArray() as { name: string; labelNames?: readonly string[] }[]).map(({ name, labelNames = [] }) => [
      name,
      labelNames.join(', ') || 'none',
    ]),
  );
  return (await registry.getMetricsAsJSON()).map(({ name, type }) => `${name} | ${type} | ${labelsOf.get(name)}`);
}

test('docs/metrics.md lists exactly our metrics, with type and labels', async () => {
  const ours = (rows: readonly string[]) => rows.filter((row) => !LIBRARY.test(row)).sort();
  expect(ours(documented())).toEqual(ours(await registered()));
});

test.runIf(process.platform === 'linux')('docs/metrics.md lists exactly the metrics of the process', async () => {
  const library = (rows: readonly string[]) => rows.filter((row) => LIBRARY.test(row)).sort();
  expect(library(documented())).toEqual(library(await registered()));
});

test('no label names a person, an account or a message: a label takes few values', async () => {
  const labels = (await registered()).flatMap((row) => row.split(' | ')[2]?.split(', ') ?? []);
  expect(labels.filter((label) => /id$|phone|text|url|token|account|group/i.test(label))).toEqual([]);
});
