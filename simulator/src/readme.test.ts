import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Simulator, startSimulator } from './simulator.ts';

const page = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const [, controlApi = ''] = /^## Control API\n(.*?)^## /ms.exec(page) ?? [];

let simulator: Simulator;
const routes = new Set<string>();
beforeAll(async () => {
  // How Fastify tells of servers that other parts make: fastify.dev/docs/latest/Reference/Hooks, "Diagnostics Channel Hooks".
  const listen = (message: unknown): void => {
    (message as { fastify: FastifyInstance }).fastify.addHook('onRoute', ({ method, url }) => {
      for (const one of [method].flat()) if (one !== 'HEAD') routes.add(`${one} ${url.replace(/:(\w+)/g, '{$1}')}`);
    });
  };
  subscribe('fastify.initialization', listen);
  simulator = await startSimulator();
  unsubscribe('fastify.initialization', listen);
});
afterAll(() => simulator.stop());

/** What the page names: `POST /control/x {a}`, `POST …/y` beside it, and `GET` and `POST /control/z`, which are two. */
function routesOf(text: string): string[] {
  const found: string[] = [];
  let before = '';
  let alone: string[] = [];
  for (const [, code = ''] of text.matchAll(/`([^`]+)`/g)) {
    const [, method, given] = /^(GET|POST|DELETE)(?: ([/…][^\s?]*).*)?$/s.exec(code) ?? [];
    if (method === undefined) continue;
    if (given === undefined) {
      alone.push(method);
      continue;
    }
    before = given.replace(/^…/, before.replace(/\/[^/]*$/, ''));
    found.push(...[...alone, method].map((one) => `${one} ${before}`));
    alone = [];
  }
  return found;
}

test('the README names every route of the control API, and no other', () => {
  const registered = [...routes].filter((route) => route.includes(' /control/'));
  expect(registered.length).toBeGreaterThan(40);
  expect(routesOf(controlApi).sort()).toEqual(registered.sort());
});

test.each(['limits', 'faults'] as const)('the README names every field of %s', async (name) => {
  const shown = (await (await fetch(`${simulator.url}/control/${name}`)).json()) as Record<string, object>;
  const fields = Object.keys(name === 'faults' ? (shown['vk'] ?? {}) : shown);
  expect(fields.length).toBeGreaterThan(5);
  expect(fields.filter((field) => !new RegExp(`\\b${field}\\b`).test(controlApi))).toEqual([]);
});
