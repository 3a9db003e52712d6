/** Checks a page with axe-core: contrast, names, roles, landmarks, headings. */
import axe from 'axe-core';
import type { Page } from 'puppeteer-core';

/** Returns a line for each violation: the rule, and the elements. */
export async function violationsOf(page: Page): Promise<readonly string[]> {
  // Evaluated by the debugger, which the page's content security policy does not restrict.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { readonly axe: typeof import('axe-core') };
    return axe.run({ resultTypes: ['violations'] });
  });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
}
