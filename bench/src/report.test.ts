import { expect, test } from 'vitest';
import { sectionText } from './report.ts';

test('a section is a table of Markdown with its columns under one another, and what to know below', () => {
  const rows = [
    { 'per request': 1, 'messages/s': 4_012.3, 'p99 ms': 9.876 },
    { 'per request': 1_000, 'messages/s': 51_234.5, 'p99 ms': 45.67 },
  ];
  expect(sectionText({ name: 'accept', rows, notes: ['on the same cores'] })).toBe(
    [
      '## accept',
      '',
      '| per request | messages/s | p99 ms |',
      '|------------:|-----------:|-------:|',
      '|           1 |      4,012 |   9.88 |',
      '|       1,000 |     51,235 |   45.7 |',
      '',
      '- on the same cores',
    ].join('\n'),
  );
});

test('what was broken stands first under the table', () => {
  const section = { name: 'expiry', rows: [{ waiting: 10 }], notes: ['of one run'], broken: ['it took 2 s'] };
  expect(sectionText(section)).toContain('- **A promise was broken**: it took 2 s\n- of one run');
});
