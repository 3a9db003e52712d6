/** Gives a page a clock that stands still, so that ages, durations and dates in pictures are the same in each run. */
import type { Page } from 'puppeteer-core';

/** When all pictures are taken. A past time, so that a sign-in of today has not expired. */
export const PICTURE_TIME_MS = Date.parse('2026-11-03T09:41:00Z');

/** Fixes the clock of each document that the page loads from now on, also in its frames. */
export async function fixClockOfDocuments(page: Page, nowMs: number): Promise<void> {
  await page.evaluateOnNewDocument(fixClock, nowMs);
}

/**
 * Fixes the clock of the document that the page shows, and moves the times in responses from now on as far as the clock.
 * @param realMs the real time, in epoch milliseconds, that becomes `nowMs`
 */
export async function movePageTo(page: Page, nowMs: number, realMs: number): Promise<void> {
  await page.evaluate(fixClock, nowMs);
  await page.evaluate(moveTimes, nowMs - realMs);
}

/** Moves the fixed clock of the document that the page shows. */
export async function moveClock(page: Page, nowMs: number): Promise<void> {
  await page.evaluate(fixClock, nowMs);
}

/** Runs in the page. */
function fixClock(nowMs: number): void {
  const scope = globalThis as unknown as { Date: DateConstructor; RealDate?: DateConstructor };
  scope.RealDate ??= scope.Date;
  const { RealDate } = scope;
  scope.Date = class extends RealDate {
    constructor(...given: [] | [number]) {
      super(...((given.length === 0 ? [nowMs] : given) as [number]));
    }
    static override now() {
      return nowMs;
    }
  } as DateConstructor;
}

/** Runs in the page. */
function moveTimes(byMs: number): void {
  const realFetch = globalThis.fetch;
  globalThis.fetch = async (...request) => {
    const response = await realFetch(...request);
    const { status, headers } = response;
    // A response with these has no body.
    if (status === 204 || status === 304) return response;
    const text = (await response.text()).replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z/g, (time) =>
      new Date(Date.parse(time) + byMs).toISOString(),
    );
    return new Response(text, { status, headers });
  };
}
