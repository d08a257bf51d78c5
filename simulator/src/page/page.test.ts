import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../simulator.ts';
import { speaksRussian } from './page.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const read = (name: string): string => readFileSync(`${FOLDER}/${name}`, 'utf8');

let simulator: Simulator;
beforeEach(async () => {
  simulator = await startSimulator({ seed: 1 });
});
afterEach(() => simulator.stop());

const open = (path: string, language = 'ru') => fetch(simulator.url + path, { headers: { 'accept-language': language } });

test('the page speaks the first of its languages that the browser asks for', async () => {
  expect(await (await open('/', 'de, ru;q=0.9, en;q=0.8')).text()).toContain('<html lang="ru">');
  expect(await (await open('/', 'en-GB, ru;q=0.5')).text()).toContain('<html lang="en">');
});

test.each([
  ['ru-RU,ru;q=0.9,en-US;q=0.8', true],
  ['en-US,en;q=0.9,ru;q=0.8', false],
  ['ru, en', true],
  ['en, ru', false],
  ['de', false],
  [undefined, false],
])('%s is Russian first: %s', (acceptLanguage, isRussian) => {
  expect(speaksRussian(acceptLanguage)).toBe(isRussian);
});

test('every file that the page names is served with its type, and nothing beside them', async () => {
  const named = [...read('index.html').matchAll(/(?:href|src)="(\/page\/[^"]+)"/g)].map(([, path = '']) => path);
  expect(named.length).toBeGreaterThan(5);
  for (const path of named) expect([path, (await open(path)).status]).toEqual([path, 200]);
  expect((await open('/page/scripts/main.js')).headers.get('content-type')).toContain('text/javascript');
  for (const path of ['/page/page.ts', '/page/../package.json', '/page/%2e%2e/simulator.ts']) {
    expect([path, (await open(path)).status]).toEqual([path, 404]);
  }
});

test('no script or style inside the page runs, and nothing from elsewhere', async () => {
  const policy = (await open('/')).headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe|\*|https?:/);
  expect(read('index.html')).not.toMatch(/<style|<script>|\son\w+=|\sstyle=/);
});

test('both languages have the same texts, and every text that a script names', async () => {
  const texts = Object.fromEntries(
    await Promise.all(
      [
        ['ru', 'RU'],
        ['en', 'EN'],
      ].map(async ([file, name]) => {
        const module = (await import(`${FOLDER}texts/${file}.js`)) as Record<string, Record<string, unknown>>;
        return [file, Object.keys(module[name ?? ''] ?? {}).sort()];
      }),
    ),
  ) as { ru: string[]; en: string[] };
  expect(texts.ru).toEqual(texts.en);
  const scripts = globSync('scripts/*.js', { cwd: FOLDER }).map(read).join('\n');
  const named = new Set([...scripts.matchAll(/\bt\('([\w.]+)'/g)].map(([, name = '']) => name));
  expect([...named].filter((name) => !texts.ru.includes(name))).toEqual([]);
  const prefixes = [...scripts.matchAll(/\bt\(`([\w]+)\.\$\{/g)].map(([, prefix = '']) => `${prefix}.`);
  const used = (name: string): boolean => named.has(name) || prefixes.some((prefix) => name.startsWith(prefix));
  expect(texts.ru.filter((name) => !used(name) && !scripts.includes(`'${name}'`) && !scripts.includes(`${name}:`))).toEqual([]);
});
