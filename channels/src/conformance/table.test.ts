import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { NOTIFY } from './notify-rows.ts';
import { OK_REST } from './ok-rest-rows.ts';
import { OK } from './ok-rows.ts';
import { problemsOf, tableOf } from './table.ts';
import { VK } from './vk-rows.ts';

const SIDES = [VK, OK, OK_REST, NOTIFY];
const PAGE = fileURLToPath(new URL('../../../docs/networks.md', import.meta.url));
const [BEGIN, END] = ['<!-- table of cells: begin -->', '<!-- table of cells: end -->'];

test.each(SIDES)('every cell of $name has a test, or a reason why it has none', (side) => {
  expect(problemsOf(side)).toEqual([]);
});

/** Rewritten from the rows by `npm test -- channels/src/conformance/table.test.ts -u`. */
test('docs/networks.md shows which method meets which outcome in a test', async () => {
  const page = readFileSync(PAGE, 'utf8');
  const [before, after] = [page.split(BEGIN)[0], page.split(END)[1]];
  if (after === undefined) throw new Error(`docs/networks.md lacks the lines ${BEGIN} and ${END}`);
  const tables = SIDES.map(tableOf).join('\n\n');
  await expect(`${before}${BEGIN}\n${tables}\n${END}${after}`).toMatchFileSnapshot(PAGE);
});
