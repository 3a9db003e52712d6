/** Writes pictures of the pages to `docs/images`, which the documentation shows. */
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from 'puppeteer-core';
import { setTheme } from './browser.ts';

const directory = fileURLToPath(new URL('../../docs/images/', import.meta.url));

/**
 * Writes `<name>.png` when the variable `PICTURES` is set: a picture differs with each run, by its times and ids, and a test run
 * must not change the repository.
 * @param selector shows only this element. @default what is in view
 */
export async function takePicture(page: Page, name: string, selector?: string): Promise<void> {
  if (!process.env.PICTURES) return;
  await mkdir(directory, { recursive: true });
  const shown = selector === undefined ? page : await page.$(selector);
  await shown?.screenshot({ path: `${directory}${name}.png` });
}

/** Writes `<name>-light.png` and `<name>-dark.png`. */
export async function takePictures(page: Page, name: string, selector?: string): Promise<void> {
  for (const theme of ['light', 'dark'] as const) {
    await setTheme(page, theme);
    await takePicture(page, `${name}-${theme}`, selector);
  }
  await setTheme(page, 'light');
}
