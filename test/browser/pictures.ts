/** Writes pictures of the pages to `docs/images`, which the documentation shows. */
import { mkdir, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from 'puppeteer-core';
import { animatedPng, type Frame } from './animated-png.ts';
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

const FRAME_MS = 700;
const LAST_FRAME_MS = 4_000;

/**
 * Films what is in view until the returned function is called, which writes `<name>.png` when the variable `PICTURES` is set. A view
 * that does not change takes no frame.
 */
export function film(page: Page, name: string): () => Promise<void> {
  if (!process.env.PICTURES) return async () => {};
  const frames: Frame[] = [];
  let isFilming = true;
  const take = async (milliseconds: number) => {
    const png = await page.screenshot();
    if (Buffer.compare(png, frames.at(-1)?.png ?? Buffer.alloc(0)) !== 0) frames.push({ png, milliseconds });
  };
  const filming = (async () => {
    while (isFilming) {
      await take(FRAME_MS);
      await delay(FRAME_MS);
    }
  })();
  return async () => {
    isFilming = false;
    await filming;
    await take(LAST_FRAME_MS);
    await mkdir(directory, { recursive: true });
    await writeFile(`${directory}${name}.png`, animatedPng(frames));
  };
}
