/** Acts in a page as a person does, and reads what it shows. */
import type { ElementHandle, Page } from 'puppeteer-core';

/** Presses the button with this name as soon as it can be pressed. @param name its start is enough */
export async function press(page: Page, name: string): Promise<void> {
  const button = await page.waitForFunction(
    (start) =>
      [...document.querySelectorAll('button')].find(
        (each) => !each.disabled && each.checkVisibility() && each.textContent?.trim().startsWith(start),
      ),
    {},
    name,
  );
  await (button as ElementHandle<HTMLButtonElement>).click();
}

/** Presses a button that asks before it acts, and confirms. */
export async function pressAndConfirm(page: Page, name: string): Promise<void> {
  await press(page, `${name}…`);
  const button = await page.waitForSelector('fieldset.confirm button.danger');
  await button?.click();
}

/** Goes to a place within the console. */
export async function show(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => {
    location.hash = to;
  }, hash);
}

/** Waits until the page has a text. @throws Error with what it has */
export async function see(page: Page, text: string | RegExp, limitMs = 30_000): Promise<void> {
  const wanted = typeof text === 'string' ? { text } : { source: text.source };
  try {
    await page.waitForFunction(
      ({ text = '', source = '' }) => {
        const shown = document.body.innerText;
        return source === '' ? shown.includes(text) : new RegExp(source).test(shown);
      },
      { timeout: limitMs },
      wanted as { text?: string; source?: string },
    );
  } catch {
    throw new Error(`The page does not show ${text}:\n${await textOf(page)}`);
  }
}

/** Waits until the log has a text, in view or not. */
export async function seeInLog(page: Page, text: string, limitMs = 30_000): Promise<void> {
  await page.waitForFunction(
    (part) => document.querySelector('.log-lines')?.textContent?.includes(part),
    { timeout: limitMs },
    text,
  );
}

export function textOf(page: Page): Promise<string> {
  return page.evaluate(() => document.body.innerText);
}

/** Returns the id of the job that the page shows. */
export function jobIdOf(page: Page): Promise<string> {
  return page.evaluate(() => location.hash.split('/')[2] ?? '');
}
