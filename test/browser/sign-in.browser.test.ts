/** Tests the sign-in of the console: at the identity provider, again when tokens expire, and not with tokens of another API. */
import { setTimeout as delay } from 'node:timers/promises';
import { decodeJwt } from 'jose';
import type { Page } from 'puppeteer-core';
import { type ConsoleCloud, consoleCloud } from './console-cloud.ts';
import { expectGoodView } from './good-view.ts';
import { press, see, show, textOf } from './page-actions.ts';

/** The API accepts a token this long after it expires, for clocks that differ. */
const CLOCK_SKEW_MS = 60_000;

let service: ConsoleCloud;
let page: Page;

beforeAll(async () => {
  service = await consoleCloud();
  page = await service.open();
});
afterAll(async () => {
  await page.close();
});

interface StoredTokens {
  readonly accessToken: string;
  readonly refreshToken?: string;
  readonly expiresAt?: number;
  readonly isAccepted: boolean;
}

/** Changes what the page keeps of the sign-in. @returns what it kept */
function changeTokens(changes: Partial<Record<keyof StoredTokens, unknown>>): Promise<StoredTokens> {
  return page.evaluate((given) => {
    const key = Object.keys(sessionStorage).find((each) => each.endsWith(' tokens')) ?? '';
    const before = JSON.parse(sessionStorage.getItem(key) ?? '{}');
    // Puppeteer sends no undefined.
    const entries = Object.entries({ ...before, ...given }).filter(([, value]) => value !== null);
    sessionStorage.setItem(key, JSON.stringify(Object.fromEntries(entries)));
    return before;
  }, changes);
}

/** Counts requests from now on. */
function countRequests(origin: string): () => number {
  let count = 0;
  page.on('request', (request) => {
    if (new URL(request.url()).origin === origin) count += 1;
  });
  return () => count;
}

/** An access token that the API refuses, because it has expired. */
async function expiredToken(): Promise<string> {
  const { exp = 0 } = decodeJwt(service.oldToken);
  await delay(Math.max(0, exp * 1_000 + CLOCK_SKEW_MS + 1_000 - Date.now()));
  return service.oldToken;
}

test('a person signs in at the identity provider, and comes back to the address', async () => {
  const tab = await service.browser.newPage();
  await tab.goto(`${service.cloud.url}/console#/webhooks`);
  await see(tab, `With ${service.identityProvider.issuer}`);
  await expectGoodView(tab);
  await press(tab, 'Sign in');
  await tab.waitForSelector('nav');
  await see(tab, 'development');
  expect(tab.url()).toBe(`${service.cloud.url}/console#/webhooks`);
  await tab.close();
});

test('an access token that expires in the middle is renewed, and the person sees nothing of it', async () => {
  await show(page, '#/jobs');
  await see(page, 'Jobs');
  const accessToken = await expiredToken();
  const refused: string[] = [];
  page.on('response', (response) => {
    if (response.status() === 401) refused.push(response.url());
  });
  await changeTokens({ accessToken, expiresAt: null });
  await show(page, '#/webhooks');
  await see(page, 'There are no endpoints yet');
  expect(refused.length).toBeGreaterThan(0);
  expect((await changeTokens({})).accessToken).not.toBe(accessToken);
  expect(await textOf(page)).not.toMatch(/expired|sign in/i);
});

test('without a refresh token the person signs in again, and comes back to the address', async () => {
  await changeTokens({ accessToken: await expiredToken(), refreshToken: null, expiresAt: null });
  const toProvider = countRequests(service.identityProvider.issuer);
  await page.evaluate(() => Object.assign(globalThis, { isLeft: true }));
  await show(page, '#/jobs?status=failed');
  await page.waitForFunction(() => !('isLeft' in globalThis) && document.querySelector('nav'));
  expect(page.url()).toBe(`${service.cloud.url}/console#/jobs?status=failed`);
  expect(toProvider()).toBeGreaterThan(0);
  const { refreshToken } = await changeTokens({});
  expect(refreshToken).toBeDefined();
});

test('a person who fills in a form is asked, and does not lose it', async () => {
  await show(page, '#/webhooks');
  await press(page, 'New endpoint');
  await page.type('input[type=url]', 'https://example.com/hook');
  await changeTokens({ accessToken: await expiredToken(), refreshToken: null, expiresAt: null });
  await page.keyboard.press('Enter');
  await see(page, 'Your sign-in has expired');
  expect(await page.$eval('input[type=url]', (input) => (input as HTMLInputElement).value)).toBe(
    'https://example.com/hook',
  );
  await expectGoodView(page);
  await Promise.all([page.waitForNavigation(), press(page, 'Sign in again')]);
  await see(page, 'There are no endpoints yet');
});

test('a token of another API is refused with the remedy, without a loop', async () => {
  const resource = 'http://127.0.0.1:9/another-api';
  const accessToken = await service.token('development', resource);
  await changeTokens({ accessToken, refreshToken: null, expiresAt: null, isAccepted: false });
  const toProvider = countRequests(service.identityProvider.issuer);
  const toApi = countRequests(new URL(service.cloud.url).origin);
  await show(page, '#/jobs');
  await see(page, `issued an access token for ${resource}, and the API does not accept it.`);
  await see(page, 'Ask the operator');
  await expectGoodView(page);
  await delay(3_000);
  expect(toProvider()).toBe(0);
  expect(toApi()).toBeLessThan(10);
});

test('after a sign-out the tab has no tokens, and its pages show nothing', async () => {
  await press(page, 'Sign out');
  await see(page, 'Signed out');
  await expectGoodView(page);
  expect(await page.evaluate(() => JSON.stringify(sessionStorage))).not.toContain('accessToken');
  await page.goBack();
  expect(await textOf(page)).not.toContain('Webhooks');
});
