/** Watches a page for what it must never do, such as run a script of a job or send a request elsewhere. */
import type { Page } from 'puppeteer-core';

export interface Guard {
  /** What the page did and must not, in words. */
  readonly problems: readonly string[];
}

/** @param origins that the page may send requests to */
export function guard(page: Page, origins: readonly string[]): Guard {
  const problems: string[] = [];
  page.on('dialog', (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol !== 'data:' && !origins.includes(origin)) problems.push(`request: ${request.url()}`);
  });
  page.on('pageerror', (error) => problems.push(`error: ${(error as Error).message}`));
  page.on('popup', (popup) => problems.push(`popup: ${popup?.url()}`));
  page.on('console', (message) => {
    // The policy of the page says here what it has blocked.
    if (/Content Security Policy/.test(message.text())) problems.push(message.text());
  });
  return { problems };
}

/** What a script of a job could leave in the page. @returns nothing when there is none */
export function attacksIn(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const found = document.title.includes('attacked') ? [`title: ${document.title}`] : [];
    for (const element of document.querySelectorAll('*')) {
      for (const { name, value } of element.attributes) {
        const isActive = name.startsWith('on') || /^\s*(javascript|vbscript|data:text)/i.test(value);
        if (isActive && !element.matches('option, input, head *'))
          found.push(`${element.tagName} ${name}="${value}"`);
      }
    }
    const scripts = document.querySelectorAll(
      'script, iframe, object, embed, base, img, form[action], meta[http-equiv]',
    );
    for (const element of scripts) {
      if (!element.matches('script[src="console/app.js"]')) found.push(element.outerHTML.slice(0, 200));
    }
    return found;
  });
}
