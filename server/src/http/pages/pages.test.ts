import { OPERATIONS } from '@soroka/api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Stand, startStand } from '../http-stand.ts';

let stand: Stand;
beforeAll(async () => {
  stand = await startStand({ simulatorUrl: 'http://localhost:8090/' });
});
afterAll(() => stand[Symbol.asyncDispose]());
const page = async (url: string, language = 'en') =>
  (await stand.call({ method: 'GET', url, headers: { 'accept-language': language } })).text;

describe('the pages', () => {
  test('the first page leads to the reference, the simulator and the health checks', async () => {
    const html = await page('/');
    for (const url of ['/docs?lang=en', '/openapi.json', '/livez', '/readyz', 'http://localhost:8090/'])
      expect(html).toContain(`href="${url}"`);
  });

  test('no simulator is shown where none runs', async () => {
    await using alone = await startStand();
    expect((await alone.call({ method: 'GET', url: '/' })).text).not.toContain('Simulator');
  });

  test.each(['/', '/docs'])('%s speaks Russian and English, as the browser or the visitor wants', async (url) => {
    expect(await page(url, 'ru-RU,ru;q=0.9,en;q=0.8')).toContain('<html lang="ru">');
    expect(await page(url, 'de,en;q=0.5')).toContain('<html lang="en">');
    expect(await page(`${url}?lang=ru`)).toContain('<html lang="ru">');
  });

  test.each(['/', '/docs'])('%s loads nothing: no script, no image, no address but links', async (url) => {
    const html = await page(url);
    expect(html).not.toMatch(/<script|<img|<iframe|@import|url\(|src=/);
    expect([...html.matchAll(/<link [^>]*>/g)].map(String)).toEqual(['<link rel="icon" href="data:,">']);
    const { headers } = await stand.call({ method: 'GET', url });
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/);
  });

  test('the reference describes every operation and leads only to what it has', async () => {
    const html = await page('/docs');
    for (const id of Object.keys(OPERATIONS)) expect(html).toContain(`<article id="${id}">`);
    const targets = [...html.matchAll(/href="#([^"]+)"/g)].map((match) => match[1]);
    expect(targets.length).toBeGreaterThan(20);
    for (const target of targets) expect(html).toContain(`id="${target}"`);
  });
});

describe('openapi.json', () => {
  test('has the routes that the server answers, and those that it describes are answered', async () => {
    const document = (await stand.call({ method: 'GET', url: '/openapi.json' })).body;
    expect(document.openapi).toBe('3.1.0');
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.sort()).toEqual(
      Object.values(OPERATIONS)
        .map(({ method, path }) => `${method} ${path}`)
        .sort(),
    );
    for (const entry of described) {
      const [method = '', path = ''] = entry.split(' ');
      const { status } = await stand.call({ method: method as 'GET', url: path.replaceAll(/\{\w+\}/g, '5') });
      expect(status, entry).not.toBe(405);
    }
  });
});
