import { expect, test } from 'vitest';
import { type Chart, chartSvg } from './chart.ts';
import { picturesOf } from './pictures.ts';

const BARS: Chart = {
  kind: 'bars',
  title: 'Sent',
  unit: 'messages/s',
  labels: ['ours', 'theirs'],
  series: [{ name: 'sent', values: [1_000, 250] }],
};
const widths = (svg: string): number[] =>
  [...svg.matchAll(/<rect class="s\d" [^>]*width="([\d.]+)" height="16"/g)].map((match) => Number(match[1]));

test('bars are as long as their figures say, with the figures beside them', () => {
  const [ours = 0, theirs = 0] = widths(chartSvg(BARS));
  expect(ours / theirs).toBeCloseTo(4, 1);
  expect(chartSvg(BARS)).toContain('>1,000</text>');
});

test('words from results cannot leave their place in the file', () => {
  const svg = chartSvg({ ...BARS, title: '</title><script>', labels: ['a & "b"', '<i>'] });
  expect(svg).not.toMatch(/<script|<i>/);
  expect(svg).toContain('a &amp; &quot;b&quot;');
});

test('what was not measured has no bar, and no point of a line', () => {
  expect(widths(chartSvg({ ...BARS, series: [{ name: 'sent', values: [1_000, null] }] }))).toHaveLength(1);
  const line: Chart = { ...BARS, kind: 'lines', labels: ['1', '10', '100'], series: [{ name: 'p50', values: [1, null, 3] }] };
  expect(chartSvg(line).match(/<circle/g)).toHaveLength(2);
});

test('lines stand a power of ten apart', () => {
  const svg = chartSvg({ ...BARS, kind: 'lines', labels: ['1', '10', '100'], series: [{ name: 'p50', values: [1, 2, 3] }] });
  const [a = 0, b = 0, c = 0] = [...svg.matchAll(/cx="([\d.]+)"/g)].map((match) => Number(match[1]));
  expect(b - a).toBeCloseTo(c - b, 0);
});

test('a backlog is drawn as one line with a pinned snapshot and one without', () => {
  const rows = [
    { waiting: 10_000, pinned: 'no', 'find p50 ms': 1, 'memory MiB': '-' },
    { waiting: 10_000, pinned: 'yes', 'find p50 ms': 2, 'memory MiB': '-' },
    { waiting: 1_000_000, pinned: 'no', 'find p50 ms': 3, 'memory MiB': '-' },
  ];
  const [find] = picturesOf({ name: 'backlog', rows, notes: [] });
  expect(find?.chart.series).toEqual([
    { name: 'pinned: no', values: [1, 3] },
    { name: 'pinned: yes', values: [2, null] },
  ]);
});
