import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { OK_USER_ABILITIES } from '../channels.ts';
import { NOTIFY } from './notify-rows.ts';
import { OK_REST } from './ok-rest-rows.ts';
import { OK } from './ok-rows.ts';
import { problemsOf, tableOf } from './table.ts';
import { VK } from './vk-rows.ts';

const SIDES = [VK, OK, OK_REST, NOTIFY];
const PAGE = fileURLToPath(new URL('../../../docs/networks.md', import.meta.url));

test.each(SIDES)('every cell of $name has a test, or a reason why it has none', (side) => {
  expect(problemsOf(side)).toEqual([]);
});

/** Rewritten from the code by `npm test -- channels/src/conformance/table.test.ts -u`. */
test('docs/networks.md shows which method meets which outcome in a test, and what a person’s access to OK is good for', async () => {
  const page = readFileSync(PAGE, 'utf8');
  const withCells = replaced(page, 'cells', SIDES.map(tableOf).join('\n\n'));
  await expect(replaced(withCells, 'what ok-user can', tableOfAbilities())).toMatchFileSnapshot(PAGE);
});

/** The page with this between the lines that name the part. */
function replaced(page: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const [before = '', after] = [page.split(begin)[0], page.split(end)[1]];
  if (after === undefined) throw new Error(`docs/networks.md lacks the lines ${begin} and ${end}`);
  return `${before}${begin}\n${text}\n${end}${after}`;
}

function tableOfAbilities(): string {
  const rows = OK_USER_ABILITIES.map(({ what, can, scope, how, why }) => {
    const built = can ? (how === null ? 'not built' : 'yes') : 'impossible';
    return `| ${what} | ${built} | ${scope === null ? '' : `\`${scope}\``} | ${why} |`;
  });
  return ['| wanted for | built | scope | why |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
