/** Takes pictures of the pages, and compares them with those in `docs/images`, which the documentation shows. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from 'puppeteer-core';
import { animatedPng, type Frame, framesOf } from './animated-png.ts';
import { isPinnedBrowser, setTheme } from './browser.ts';
import { type PictureDifference, pictureDifference } from './picture-difference.ts';

const directory = fileURLToPath(new URL('../../docs/images/', import.meta.url));
/** Relative to the repository. Git ignores it, and CI uploads it. */
const EVIDENCE = 'reports/pictures/';
const evidence = fileURLToPath(new URL(`../../${EVIDENCE}`, import.meta.url));

/** Writes pictures instead of comparing them. */
const isWriting = Boolean(process.env.PICTURES);
const REMEDY = 'Run PICTURES=1 npm run test:browser and commit the result.';

/**
 * Compares what the page shows with `<name>.png`, or writes that file when the variable `PICTURES` is set.
 * @param selector shows only this element. @default what is in view
 * @throws Error when a person would see a difference
 */
export async function expectPicture(page: Page, name: string, selector?: string): Promise<void> {
  if (!isTaken()) return;
  const shown = selector === undefined ? page : await page.waitForSelector(selector);
  const png = (await shown?.screenshot()) as Uint8Array;
  if (isWriting) return writeFile(pathOf(name), png);
  const difference = pictureDifference(await readPicture(name), png);
  if (difference) throw await outdated(name, png, difference);
}

/** Compares `<name>-light.png` and `<name>-dark.png` as `expectPicture` does. */
export async function expectPictures(page: Page, name: string, selector?: string): Promise<void> {
  for (const theme of ['light', 'dark'] as const) {
    await setTheme(page, theme);
    await expectPicture(page, `${name}-${theme}`, selector);
  }
  await setTheme(page, 'light');
}

/** Compares each frame with those of the animation `<name>.png`, or writes that file. @throws as `expectPicture` */
export async function expectAnimation(name: string, frames: readonly Frame[]): Promise<void> {
  if (!isTaken()) return;
  if (isWriting) return writeFile(pathOf(name), animatedPng(frames));
  const expected = framesOf(await readPicture(name));
  if (expected.length !== frames.length) {
    throw new Error(
      `docs/images/${name}.png has ${expected.length} frames, and now has ${frames.length}. ${REMEDY}`,
    );
  }
  for (const [index, { png }] of frames.entries()) {
    const difference = pictureDifference(expected[index] ?? png, png);
    if (!difference) continue;
    const summary = `in frame ${index + 1}, ${difference.summary}`;
    throw await outdated(name, png, { ...difference, summary });
  }
}

/**
 * Another browser draws other pixels, so only the pinned one is compared.
 * @throws Error when another one should write pictures
 */
function isTaken(): boolean {
  if (isWriting && !isPinnedBrowser)
    throw new Error('Pictures are taken on Linux x64 only. Unset PICTURES, or run it there.');
  return isPinnedBrowser;
}

function pathOf(name: string): string {
  return `${directory}${name}.png`;
}

async function readPicture(name: string): Promise<Uint8Array> {
  try {
    return await readFile(pathOf(name));
  } catch (cause) {
    throw new Error(`docs/images/${name}.png could not be read. ${REMEDY}`, { cause });
  }
}

/** Writes what is shown, and the picture that marks the differences, for the reader of the error. */
async function outdated(
  name: string,
  png: Uint8Array,
  { summary, marked }: PictureDifference,
): Promise<Error> {
  await mkdir(evidence, { recursive: true });
  await writeFile(`${evidence}${name}.png`, png);
  if (marked) await writeFile(`${evidence}${name}-differences.png`, marked);
  return new Error(
    `The picture docs/images/${name}.png is out of date: ${summary}. See ${EVIDENCE}${name}.png. ${REMEDY}`,
  );
}
