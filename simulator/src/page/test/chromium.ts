import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Chromium of this machine: `CHROMIUM_PATH`, else the first of its usual names that is installed; null where there is none. */
export function findChromium(env: Readonly<Record<string, string | undefined>> = process.env): string | null {
  const named = env['CHROMIUM_PATH'];
  if (named !== undefined && named !== '') return named;
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const places = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return places.find((place) => existsSync(place)) ?? null;
}

export const NO_CHROMIUM =
  'No Chromium was found, so the pages are not tested: install it (Debian: apt-get install chromium) or name it in CHROMIUM_PATH.';

/** Whether tests in a browser can run here. Says aloud where not; fails there if SOROKA_REQUIRE_BROWSER is 1. */
export function hasChromium(): boolean {
  if (findChromium() !== null) return true;
  if (process.env['SOROKA_REQUIRE_BROWSER'] === '1') throw new Error(NO_CHROMIUM);
  console.warn(NO_CHROMIUM);
  return false;
}

export function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error(NO_CHROMIUM);
  return chromium.launch({
    executablePath,
    // The sandbox needs rights that containers do not give; nothing but our own page is opened.
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

export interface Look {
  width?: number;
  height?: number;
  colorScheme?: 'light' | 'dark';
  language?: 'ru' | 'en';
}

export interface Opened {
  page: Page;
  context: BrowserContext;
  /** What went wrong in the page by itself: thrown errors, and whatever the console calls an error. */
  problems: string[];
}

/** A page of its own, as a person with these tastes would have it. */
export async function openPage(browser: Browser, url: string, look: Look = {}): Promise<Opened> {
  const { width = 1_400, height = 900, colorScheme = 'light', language = 'ru' } = look;
  const locale = language === 'ru' ? 'ru-RU' : 'en-GB';
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, locale });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await page.goto(url);
  await page.locator('.person-button b').waitFor();
  return { page, context, problems };
}
