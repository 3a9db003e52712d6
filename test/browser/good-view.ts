/** Checks what every view must be: accessible in light and dark, and no wider than a small screen. */
import type { Page } from 'puppeteer-core';
import { violationsOf } from './accessibility.ts';
import { setTheme, VIEWPORT } from './browser.ts';

/** Of a small phone, and of a window at 400 % (WCAG 2.2, 1.4.10). */
const NARROW = { width: 320, height: 640 };

export async function expectGoodView(page: Page): Promise<void> {
  await page.setViewport(NARROW);
  const wide = await page.evaluate(wideElements);
  await page.setViewport(VIEWPORT);
  expect(wide).toEqual([]);
  await page.evaluate(() => scrollTo(0, 0));
  for (const theme of ['light', 'dark'] as const) {
    await setTheme(page, theme);
    expect(await violationsOf(page)).toEqual([]);
  }
  await setTheme(page, 'light');
}

/** Runs in the page. @returns the elements that reach beyond its right edge when the page scrolls sideways */
function wideElements(): readonly string[] {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  return [...document.body.querySelectorAll('*')]
    .filter((element) => element.getBoundingClientRect().right > clientWidth)
    .map((element) => element.outerHTML.slice(0, 200));
}
