import type { Browser, Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../simulator.ts';
import { type Bot, startBot } from './test/bot.ts';
import { hasChromium, launchChromium, type Opened, openPage } from './test/chromium.ts';

const ANNA_ON_VK = 37_119_444;

describe.skipIf(!hasChromium())('talking to a bot on the page', () => {
  let browser: Browser;
  let simulator: Simulator;
  let bot: Bot;
  let opened: Opened;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  beforeEach(async () => {
    simulator = await startSimulator({ port: 0, seed: 1 });
    bot = await startBot(simulator);
    opened = await openPage(browser, simulator.url);
  });
  afterEach(async () => {
    await opened.context.close();
    await bot.stop();
    await simulator.stop();
  });
  afterAll(() => browser.close());

  const openChat = async (network: 'vk' | 'ok'): Promise<Locator> => {
    const phone = opened.page.locator(`#phone-${network}`);
    await phone.locator('.chat-row').first().click();
    return phone;
  };
  const say = async (phone: Locator, text: string): Promise<void> => {
    await phone.getByRole('textbox', { name: 'Текст сообщения' }).fill(text);
    await phone.getByRole('textbox', { name: 'Текст сообщения' }).press('Enter');
  };
  const bubble = (phone: Locator, text: string): Locator => phone.locator('article.bubble', { hasText: text });

  test('Anna writes on VK, the bot answers with buttons, she presses, and the ticks turn to read on both sides', async () => {
    const phone = await openChat('vk');
    await say(phone, 'Хочу пиццу');
    await bubble(phone, 'Что выберете?').waitFor();
    await bubble(phone, 'Хочу пиццу').locator('.ticks.seen').waitFor();
    await bubble(phone, 'Что выберете?').locator('.ticks.read').waitFor();

    await phone.locator('.keyboard').getByRole('button', { name: 'Маргарита' }).click();
    await bubble(phone, 'Вы выбрали: Маргарита').waitFor();
    await phone.locator('.keyboard').getByRole('button', { name: 'Заказать' }).click();
    await phone.locator('.snackbar p', { hasText: 'Заказ принят' }).waitFor();
    await phone.locator('.keyboard').getByRole('button', { name: 'Отправить место' }).click();
    await phone.locator('.attachment.place', { hasText: '55.7522' }).waitFor();
    expect(opened.problems).toEqual([]);
  });

  test('on OK the buttons stand in the message, an answer is a message, and she gives her number', async () => {
    const phone = await openChat('ok');
    await say(phone, 'Передумала');
    await phone.locator('.rows.inline').getByRole('button', { name: 'Отменить' }).click();
    await bubble(phone, 'Заказ отменён').waitFor();
    await phone.locator('.rows.inline').getByRole('button', { name: 'Позвоните мне' }).click();
    await phone.locator('.attachment', { hasText: '+79999999999' }).waitFor();
    expect(opened.problems).toEqual([]);
  });

  test('a group that she has blocked gets 901, and the call shows its request and answer without the token', async () => {
    const { page } = opened;
    const phone = await openChat('vk');
    await phone.getByRole('button', { name: 'Что ещё можно сделать' }).click();
    await page.getByRole('menuitem', { name: 'Запретить сообщения' }).click();
    await phone.locator('.subtitle', { hasText: 'Сообщения запрещены' }).waitFor();
    expect(await bot.sendVk(ANNA_ON_VK, 'Вернитесь')).toBe(901);

    await page.locator('.calls .call', { hasText: 'messages.send' }).and(page.locator('[data-code="901"]')).click();
    const details = page.getByRole('dialog', { name: 'messages.send' });
    const [request, answer] = await details.locator('pre').allTextContents();
    expect(request).toContain('Вернитесь');
    expect(request).toContain('"access_token": "***"');
    expect(answer).toContain('"error_code": 901');
  });

  test('what a bot sends is text, whatever stands in it', async () => {
    const phone = await openChat('vk');
    await bot.sendVk(ANNA_ON_VK, '<img src=x onerror="document.title=1"><b>Привет</b>');
    await bubble(phone, '<b>Привет</b>').waitFor();
    expect(await phone.locator('article img, article b').count()).toBe(0);
  });

  test("somebody of the staff writes in the group's name, and the message tells who", async () => {
    const phone = await openChat('vk');
    await phone.getByRole('switch', { name: 'От имени группы' }).click();
    await say(phone, 'Чем помочь?');
    await bubble(phone, 'Чем помочь?').locator('.author', { hasText: 'Дина Ким' }).waitFor();
  });

  test('what is sent to whom is offline waits, and comes when they are back', async () => {
    const { page } = opened;
    const phone = await openChat('vk');
    await page.getByRole('switch', { name: 'В сети' }).click();
    await phone.locator('.status-presence', { hasText: 'не в сети' }).waitFor();
    await bot.sendVk(ANNA_ON_VK, 'Курьер у двери');
    await phone.locator('.notice', { hasText: '1 сообщение ждёт' }).waitFor();
    await page.getByRole('switch', { name: 'В сети' }).click();
    await bubble(phone, 'Курьер у двери').waitFor();
  });

  test('her own message is changed and deleted from the keyboard', async () => {
    const { page } = opened;
    const phone = await openChat('vk');
    await say(phone, 'Буду в пять');
    await bubble(phone, 'Буду в пять').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Изменить' }).click();
    await page.getByRole('textbox', { name: 'Текст', exact: true }).fill('Буду в шесть');
    await page.getByRole('button', { name: 'Сохранить' }).click();
    await bubble(phone, 'Буду в шесть').locator('.meta', { hasText: 'изменено' }).waitFor();
    await bubble(phone, 'Буду в шесть').dblclick();
    await page.getByRole('button', { name: 'Удалить' }).click();
    await bubble(phone, 'Сообщение удалено').waitFor();
  });

  test('time and faults are switched for everybody, and the page comes back when the simulator was away', async () => {
    const { page } = opened;
    await page.getByRole('tab', { name: 'Время и лимиты' }).click();
    await page.getByRole('button', { name: '×60', exact: true }).click();
    await expect.poll(() => simulator.world.clock.speed()).toBe(60);
    await page.getByRole('tab', { name: 'Сбои' }).click();
    await page.locator('.party').first().getByRole('switch', { name: 'Ошибка 503' }).click();
    await expect.poll(() => simulator.world.faults.settings('vk').error5xx).toBe(0.2);

    const port = Number(new URL(simulator.url).port);
    await bot.stop();
    await simulator.stop();
    await page.locator('.connection', { hasText: 'Нет связи' }).waitFor();
    simulator = await startSimulator({ port, seed: 2 });
    bot = await startBot(simulator);
    await page.locator('.connection:empty').waitFor({ state: 'attached' });
    const phone = await openChat('vk');
    await say(phone, 'Снова здесь');
    await bubble(phone, 'Что выберете?').waitFor();
  });
});
