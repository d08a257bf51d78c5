import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

// What no document of a network says stands in one place each, marked [?] there and named in docs/networks.md.

const SOURCES = fileURLToPath(new URL('..', import.meta.url));
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const SIMULATOR = fileURLToPath(new URL('../../../simulator/src', import.meta.url));
const page = readFileSync(fileURLToPath(new URL('../../../docs/networks.md', import.meta.url)), 'utf8');
const read = (path: string): string => readFileSync(`${SOURCES}/${path}`, 'utf8');
const undecidedIn = (folder: string): string[] =>
  globSync('**/*.ts', { cwd: folder })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !path.endsWith('.test.ts') && !path.startsWith('conformance/'))
    .filter((path) => readFileSync(`${folder}/${path}`, 'utf8').includes('[?]'));
const ofServer = undecidedIn(`${ROOT}/server/src`).map((path) => `server/src/${path}`);

test.each([...undecidedIn(SOURCES), ...ofServer])('docs/networks.md names %s, where something unknown is decided', (path) => {
  expect(page).toContain(path);
});

const settings = [...read('ok/ok-settings.ts').matchAll(/\/\*\* \[\?\][^\n]*\*\/\n\s+(\w+):/g)].map(([, name = '']) => name);

test.each(settings)('docs/networks.md names OK_SETTINGS.%s', (name) => {
  expect(page).toMatch(new RegExp(`[.]${name}\\b`));
});

test('every place that docs/networks.md names is there', () => {
  const [ofChannels = '', ofSimulator = ''] = page.split('### In the simulator');
  const missingIn = (text: string, folder: string): string[] => {
    const named = [...text.matchAll(/`((?:vk|ok|notify|keyboard|world)\/[\w/.-]*)`/g)].map(([, path = '']) => path);
    expect(named.length).toBeGreaterThan(10);
    return named.filter((path) => !existsSync(`${folder}/${path}`));
  };
  expect(missingIn(ofChannels, SOURCES)).toEqual([]);
  expect(missingIn(ofSimulator, SIMULATOR)).toEqual([]);
  const ofServerNamed = [...page.matchAll(/`(server\/src\/[\w/.-]*)`/g)].map(([, path = '']) => path);
  expect(ofServerNamed.filter((path) => !existsSync(`${ROOT}/${path}`))).toEqual([]);
  const used = [...page.matchAll(/OK_SETTINGS[.](\w+)/g)].map(([, name = '']) => name);
  expect(used.filter((name) => !read('ok/ok-settings.ts').includes(`  ${name}:`))).toEqual([]);
});
