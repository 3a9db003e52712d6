/** Tests the pages of webhooks: endpoints with their health, and deliveries, which are replayed one by one and by a filter. */
import type { ElementHandle, Page } from 'puppeteer-core';
import { type RecordingReceiver, startRecordingReceiver } from '../support/recording-receiver.ts';
import { type ConsoleCloud, consoleCloud } from './console-cloud.ts';
import { startTestedService } from './flaky-project.ts';
import { expectGoodView } from './good-view.ts';
import { press, pressAndConfirm, see, show } from './page-actions.ts';
import { endOf, startJob } from './start-job.ts';

let service: ConsoleCloud;
let page: Page;
let receiver: RecordingReceiver;
let endpointPage: string;
let jobId: string;

beforeAll(async () => {
  service = await consoleCloud();
  page = await service.open('#/webhooks', 'hedy');
  receiver = await startRecordingReceiver();
});
afterAll(async () => {
  receiver.close();
  await page.browserContext().close();
});

const ofJob = () => receiver.requests.filter(({ json }) => json.data?.job_id === jobId);

async function addEndpoint(url: string, description: string): Promise<void> {
  await press(page, 'New endpoint');
  await expectGoodView(page);
  await page.type('input[type=url]', url);
  await page.type('input[maxlength="500"]', description);
  await page.keyboard.press('Enter');
  await see(page, 'whsec_');
  await expectGoodView(page);
  await press(page, 'I have stored it');
  await see(page, description);
}

test('an endpoint is registered, and its secret is shown once', async () => {
  await see(page, 'There are no endpoints yet');
  await expectGoodView(page);
  await addEndpoint(new URL('/release-bot', receiver.url).href, 'Release bot');
  expect(await page.evaluate(() => document.body.innerText)).not.toContain('whsec_');
  endpointPage = await page.$eval('main a[href^="#/webhooks/"]', (link) => link.getAttribute('href') ?? '');
});

test('a delivery shows every attempt, and is replayed', async () => {
  const tested = await startTestedService();
  tested.isUp = true;
  await service.upload('billing', tested.url);
  const client = await service.client('hedy');
  receiver.status = 503;
  jobId = await startJob(client, 'start_build', { project: 'billing' });
  expect(await endOf(client, jobId)).toBe('completed');
  tested.close();
  await receiver.find(({ json }) => json.data.job_id === jobId);
  receiver.status = 204;
  // The second attempt follows after five seconds.
  await waitFor(() => ofJob().length === 2);

  await show(page, `#/jobs/${jobId}`);
  await see(page, 'Completed.');
  const summary = await page.waitForSelector('summary');
  // The page moves while its parts load, so a click at a place of the screen can miss.
  await summary?.evaluate((each) => each.click());
  const delivery = await page.waitForSelector('a[href^="#/deliveries/"]');
  await delivery?.evaluate((each) => each.click());
  await see(page, 'Attempts (2)');
  await see(page, '503');
  await pressAndConfirm(page, 'Replay');
  await waitFor(() => ofJob().length === 3);
  await see(page, 'Attempts (3)');
  const ids = new Set(ofJob().map(({ headers }) => headers['webhook-id']));
  expect(ids.size).toBe(1);
  await expectGoodView(page);
});

test('the deliveries that a filter selects are replayed, and the page shows how far', async () => {
  await show(page, endpointPage);
  await press(page, 'Send test event');
  await see(page, 'A test event is on its way');
  await waitFor(() => receiver.requests.some(({ json }) => json.type === 'endpoint.test'));
  await press(page, 'Refresh deliveries');
  await see(page, '2 deliveries');
  await expectGoodView(page);

  const before = receiver.requests.length;
  const event = await page.waitForSelector('::-p-aria([name="Event"][role="combobox"])');
  await event?.select('job.completed');
  await press(page, 'Apply filters');
  await see(page, '1 delivery.');
  await pressAndConfirm(page, 'Replay');
  await see(page, 'Done. 1 delivery is sent again.');
  await waitFor(() => receiver.requests.length === before + 1);
  expect(receiver.requests.at(-1)?.json.data.job_id).toBe(jobId);
  await expectGoodView(page);
});

test('an endpoint that fails looks different from one that works', async () => {
  const failing = await startRecordingReceiver();
  failing.status = 500;
  try {
    await show(page, '#/webhooks');
    await addEndpoint(new URL('/chat', failing.url).href, 'Channel of the team');
    await clickLink('/chat');
    await press(page, 'Send test event');
    await clickLink('its delivery');
    await see(page, 'HTTP 500');
    await show(page, '#/webhooks');
    await see(page, 'Healthy');
    await see(page, 'Failing');
    await expectGoodView(page);
  } finally {
    failing.close();
  }
});

/** @param end of its text */
async function clickLink(end: string): Promise<void> {
  const link = await page.waitForFunction(
    (text) => [...document.querySelectorAll('main a')].find((each) => each.textContent?.endsWith(text)),
    {},
    end,
  );
  await (link as ElementHandle<Element>).click();
}

/** @throws Error after twenty seconds */
async function waitFor(isTrue: () => boolean): Promise<void> {
  const giveUpAt = Date.now() + 20_000;
  while (!isTrue()) {
    if (Date.now() > giveUpAt) throw new Error(`Never true: ${isTrue}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
