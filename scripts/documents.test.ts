import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path/posix';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { SERVER_ORDER, WORKSPACES } from './layers.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOREIGN = /(^|\/)(node_modules|\.soroka|dist)$/;

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const pages = globSync('**/*.md', { cwd: ROOT, exclude: (path) => FOREIGN.test(path) });

interface Link {
  from: string;
  /** Path in the repository, and the anchor without its #. */
  to: string;
  anchor: string;
}

/** Links to our own files; what stands in code is none. */
function linksOf(from: string): Link[] {
  const text = read(from)
    .replace(/^```.*?^```/gms, '')
    .replace(/`[^`\n]*`/g, '');
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor = ''] = target.split('#');
      return { from, to: path === '' ? from : normalize(join(from, '..', path)), anchor };
    });
}

/** Anchors of a page as GitHub makes them from its headings. */
function anchorsOf(page: string): string[] {
  const headings = [...read(page).matchAll(/^#+ (.+)$/gm)].map((match) => match[1] ?? '');
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** First columns of a page's table rows: `a/`, `b/` | rest. */
function rows(page: string, heading: string): { names: string[]; rest: string }[] {
  const section =
    read(page)
      .split(/^## /m)
      .find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^\| (`[^|]+`) \| (.+) \|$/gm)].map(([, names = '', rest = '']) => ({ names: codes(names), rest }));
}
const codes = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');

test('every link between our pages leads to something', () => {
  const links = pages.flatMap(linksOf);
  expect(links.length).toBeGreaterThan(20);
  const broken = links.filter(
    ({ to, anchor }) => !existsSync(join(ROOT, to)) || (anchor !== '' && !anchorsOf(to).includes(anchor)),
  );
  expect(broken).toEqual([]);
});

test('every page can be reached from README.md', () => {
  const seen = new Set<string>();
  const visit = (page: string): void => {
    if (seen.has(page)) return;
    seen.add(page);
    for (const { to } of linksOf(page)) if (pages.includes(to)) visit(to);
  };
  visit('README.md');
  expect(pages.filter((page) => !seen.has(page))).toEqual([]);
});

test('README.md leads to the licence and to how to contribute', () => {
  expect(linksOf('README.md').map(({ to }) => to)).toEqual(expect.arrayContaining(['LICENSE', 'CONTRIBUTING.md']));
});

test('ARCHITECTURE.md names the workspaces and what each may import', () => {
  const { workspaces } = JSON.parse(read('package.json')) as { workspaces: string[] };
  const written = rows('ARCHITECTURE.md', 'Rooms').filter(({ names }) => workspaces.some((name) => names[0] === `${name}/`));
  const allowed = (name: string) => (WORKSPACES[name]?.sources ?? []).filter((other) => workspaces.includes(other));
  expect(
    Object.fromEntries(written.map(({ names, rest }) => [names[0]?.slice(0, -1), codes(rest.split(' | ').at(-1) ?? '')])),
  ).toEqual(Object.fromEntries(workspaces.map((name) => [name, allowed(name)])));
});

test('ARCHITECTURE.md lists the modules of the server in the order of their layers', () => {
  const modules = readdirSync(join(ROOT, 'server/src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || /^(main|start)\.ts$/.test(entry.name))
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
  const lineOf = (module: string) => SERVER_ORDER.findIndex((line) => line.includes(module.replace('/', '')));
  const written = rows('ARCHITECTURE.md', 'Rooms').flatMap(({ names }) => names.filter((name) => modules.includes(name)));
  expect([...written].sort()).toEqual([...modules].sort());
  expect(written.map(lineOf)).toEqual(written.map(lineOf).sort((a, b) => a - b));
});

test('ARCHITECTURE.md gives every table to the module that the migrations give it to', () => {
  const owners: Record<string, string[]> = {};
  for (const file of globSync('server/migrations/*.sql', { cwd: ROOT }).sort()) {
    let module = '';
    for (const line of read(file).split('\n')) {
      module = /^-- (\w+\/) -+$/.exec(line)?.[1] ?? module;
      const table = /^create table (\w+)/.exec(line)?.[1];
      if (table !== undefined) owners[module] = [...(owners[module] ?? []), table];
    }
  }
  const written = rows('ARCHITECTURE.md', 'Tables').map(({ names, rest }) => [names[0], codes(rest)] as const);
  expect(Object.fromEntries(written)).toEqual(owners);
});
