import AxeBuilder from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Simulator, startSimulator } from '../simulator.ts';
import { startBot } from './test/bot.ts';
import { hasChromium, launchChromium, openPage } from './test/chromium.ts';

const NARROW = { width: 360, height: 740 } as const;
const TABS = ['#tab-calls', '#tab-faults', '#tab-world'];

describe.skipIf(!hasChromium())('the page for everybody', () => {
  let browser: Browser;
  let simulator: Simulator;
  beforeAll(async () => {
    [browser, simulator] = await Promise.all([launchChromium(), startSimulator({ port: 0, seed: 1 })]);
    await fillWorld(simulator);
  });
  afterAll(async () => {
    await browser.close();
    await simulator.stop();
  });

  const chats = (): string => `${simulator.url}/#79999999999/vk:dialog:213243638/ok:dialog:70000000000001`;

  test('at 360 pixels nothing scrolls sideways: lists, chats, calls, faults, time, windows', async () => {
    for (const language of ['ru', 'en'] as const) {
      const { page, context } = await openPage(browser, chats(), { ...NARROW, language });
      const sides = page.locator('.sides button');
      for (const side of [0, 1]) {
        await sides.nth(side).click();
        expect(await sideways(page)).toEqual([]);
        await page.locator('.phone:visible .back').click();
        expect(await sideways(page)).toEqual([]);
      }
      await sides.nth(2).click();
      for (const tab of TABS) {
        await page.locator(tab).click();
        expect(await sideways(page)).toEqual([]);
      }
      await page.locator('.person-button').click();
      expect(await sideways(page)).toEqual([]);
      await context.close();
    }
  });

  test('everything that matters is done with the keyboard alone, and the focus is never lost', async () => {
    const { page, context } = await openPage(browser, simulator.url);
    const isFocused = (selector: string) =>
      expect.poll(() => page.evaluate(`document.activeElement.matches('${selector}')`)).toBe(true);
    await page.keyboard.press('Tab');
    await isFocused('.person-button');
    await page.keyboard.press('Enter');
    await isFocused('input[type=search]');
    await page.keyboard.type('Дина');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.locator('.person-button', { hasText: 'Дина Ким' }).waitFor();
    await isFocused('.person-button');

    // The switch of presence, the language, a new chat, and the chats, which are one stop.
    for (let stop = 0; stop < 4; stop += 1) await page.keyboard.press('Tab');
    await isFocused('#phone-vk .chat-row');
    await page.keyboard.press('Enter');
    await isFocused('#phone-vk .input');
    await page.keyboard.type('Здравствуйте');
    await page.keyboard.press('Enter');
    await page.locator('#phone-vk .mine', { hasText: 'Здравствуйте' }).waitFor();
    await isFocused('#phone-vk .input');
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    await page.keyboard.press('Escape');
    await isFocused('#phone-vk .chat-row');

    await page.locator('#tab-calls').focus();
    await page.keyboard.press('ArrowRight');
    await isFocused('#tab-faults');
    await page.locator('#panel-faults:visible').waitFor();
    await context.close();
  });

  test.each([
    ['light', 'ru', '#tab-faults'],
    ['light', 'en', null],
    ['dark', 'ru', null],
    ['dark', 'en', '#tab-world'],
  ] as const)('axe finds nothing serious in %s, %s', async (colorScheme, language, tab) => {
    const { page, context } = await openPage(browser, chats(), { colorScheme, language });
    await page.locator('#phone-vk .picture img').first().waitFor({ state: 'attached' });
    expect(await seriousIn(page)).toEqual([]);
    // What is drawn at other times: lists and switches, then a window over the page. Words and colours were seen by now.
    if (tab !== null) {
      for (const network of ['vk', 'ok']) await page.locator(`#phone-${network} .back`).click();
      await page.locator(tab).click();
      expect(await seriousIn(page)).toEqual([]);
      await page.locator('.person-button').click();
      await page.locator('.person-row').first().waitFor();
      expect(await seriousIn(page, '.dialog')).toEqual([]);
    }
    await context.close();
  });

  test('axe finds nothing serious at 360 pixels', async () => {
    const { page, context } = await openPage(browser, chats(), NARROW);
    expect(await seriousIn(page)).toEqual([]);
    await context.close();
  });

  test('the switch of languages stays when the page is loaded again', async () => {
    const { page, context } = await openPage(browser, simulator.url, { language: 'en' });
    await page.locator('h3', { hasText: 'Chats' }).first().waitFor();
    await page.getByRole('button', { name: 'RU: Русский' }).click();
    await page.locator('h3', { hasText: 'Чаты' }).first().waitFor();
    await page.reload();
    await page.locator('h3', { hasText: 'Чаты' }).first().waitFor();
    expect(await page.evaluate('document.documentElement.lang')).toBe('ru');
    await context.close();
  });
});

/** What is wider than the window, in words. */
const sideways = (page: Page): Promise<string[]> =>
  page.evaluate(`[...document.querySelectorAll('html, body, .scroll, .log, .dialog-body, .screen')]
    .filter((element) => element.scrollWidth > element.clientWidth)
    .map((element) => element.tagName + '.' + element.className + ': ' + element.scrollWidth + ' > ' + element.clientWidth)`);

/** What axe calls serious or critical, in the whole page or in one part of it. */
async function seriousIn(page: Page, part = 'html'): Promise<string[]> {
  const axe = new AxeBuilder({ page }).include(part);
  const { violations } = await axe.analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ target, failureSummary }) => `${target.join(' ')} ${failureSummary}`).join('; ')}`,
    );
}

/** A bit of everything that a page can show. */
async function fillWorld(simulator: Simulator): Promise<void> {
  const { world, url } = simulator;
  const anna = simulator.person('79999999999');
  const bot = await startBot(simulator);
  const acted = (path: string, body: object) =>
    fetch(`${url}/control/${path}`, { method: 'POST', body: JSON.stringify(body) }).then((answer) => {
      if (!answer.ok) throw new Error(`${path} was answered ${answer.status}`);
    });
  anna.say('vk', 'Привет');
  anna.say('ok', 'Привет');
  await vi.waitFor(() => expect(anna.inbox()).toHaveLength(2), { timeout: 30_000 });
  await bot.sendVk(37_119_446, 'Вера не получит');
  await bot.stop();
  const contentBase64 = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
  const from = 'people/79999999999';
  for (const network of ['vk', 'ok']) {
    await acted(`${from}/send-attachment`, { network, kind: 'photo', name: 'a.png', contentBase64, text: 'Фотография' });
    await acted(`${from}/send-attachment`, { network, kind: 'file', name: 'заказ.pdf', contentBase64 });
    await acted(`${from}/send-attachment`, { network, kind: 'voice', name: 'a.ogg', contentBase64 });
    await acted(`${from}/share-location`, { network });
  }
  await acted(`${from}/share-contact`, { network: 'ok' });
  await acted('groups/vk/213243638/write-as-admin', { phone: '79999999999', text: 'Курьер едет: https://example.org/a' });
  await acted('chats', { network: 'vk', title: 'Обед', owner: '79999999999', people: ['79990000004'] });
  await acted('faults', { network: 'ok', duplicateEvents: 0.5, errors: { '8': 0.1 } });
  const person = world.people.byPhone('79999999999');
  if (person === null) throw new Error('Anna is not here');
  world.send(world.groups.demo('vk'), person, { kind: 'notification', text: 'Ваша пицца готова', tag: '1' });
}
