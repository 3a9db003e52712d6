/** Tests that the pages show what a hostile project, job or receiver says as text, and do nothing of it. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'puppeteer-core';
import type { Job } from '../../lambdas/jobs/job.ts';
import { type ConsoleCloud, consoleCloud } from './console-cloud.ts';
import { attacksIn, type Guard, guard } from './guard.ts';
import { ATTACKS } from './hostile-project.ts';
import { press, pressAndConfirm, see, seeInLog, show } from './page-actions.ts';
import { jobRecord, seedJobs } from './seed-jobs.ts';
import { endOf, startJob } from './start-job.ts';

const [SCRIPT, IMAGE, LINK, URL_SCRIPT] = ATTACKS;
const ALL = ATTACKS.join(' ');
const USER = 'eve';

let service: ConsoleCloud;
let page: Page;
let watched: Guard;

beforeAll(async () => {
  service = await consoleCloud();
  page = await service.open('', USER);
  watched = guard(page, [new URL(service.cloud.url).origin, service.identityProvider.issuer]);
});
afterAll(async () => {
  await page.browserContext().close();
});
afterEach(async () => {
  expect(await attacksIn(page)).toEqual([]);
  expect(watched.problems).toEqual([]);
});

test.each([
  ['hostile', 'completed'],
  ['hostile-failing', 'failed'],
])('the project %s does nothing to the page of its build', async (project, status) => {
  const client = await service.client(USER);
  const jobId = await startJob(client, 'start_build', { project });
  await show(page, `#/jobs/${jobId}`);
  await see(page, project);
  expect(await endOf(client, jobId)).toBe(status);
  for (const attack of ATTACKS) await seeInLog(page, attack);
  expect(await attacksIn(page)).toEqual([]);
  await show(page, '#/jobs');
  await see(page, project);
});

/** A record that no operation of this service would write: every text of it attacks. */
function hostileJob(fields: Partial<Job>): Job {
  const at = Date.now() - 90_000;
  return jobRecord({
    owner: service.ownerOf(USER),
    operation: IMAGE,
    input: { project: SCRIPT, [IMAGE]: LINK },
    message: ALL,
    step: SCRIPT,
    timeline: [
      { step: SCRIPT, began: at },
      { step: SCRIPT, failed: at + 1_000, code: IMAGE, message: ALL },
      { step: SCRIPT, began: at + 2_000 },
      { step: SCRIPT, ended: at + 3_000 },
      { step: IMAGE, began: at + 3_000 },
    ],
    logTail: ATTACKS,
    retriedFrom: URL_SCRIPT,
    ...fields,
  });
}

test.each<[string, () => Partial<Job>, string]>([
  [
    'a result',
    () => ({
      result: { [IMAGE]: ALL, url: URL_SCRIPT, nested: [{ href: URL_SCRIPT }] },
      logs: { [IMAGE]: { key: 'logs/x', size: 9, sha256: SCRIPT } },
    }),
    'Result',
  ],
  [
    'an error',
    () => ({
      status: 'failed',
      error: {
        code: IMAGE,
        message: ALL,
        step: SCRIPT,
        retryable: true,
        details: { [IMAGE]: ALL, url: URL_SCRIPT },
      },
    }),
    'The job failed',
  ],
  [
    'a question',
    () => ({
      status: 'input_required',
      inputRequests: {
        [IMAGE]: {
          step: SCRIPT,
          message: ALL,
          schema: {
            type: 'object',
            required: [IMAGE],
            properties: {
              [IMAGE]: { type: 'string', title: SCRIPT, description: ALL, enum: [...ATTACKS] },
              address: { type: 'string', title: LINK, default: URL_SCRIPT, format: 'uri' },
            },
          },
        },
        page: { step: SCRIPT, message: LINK, url: URL_SCRIPT },
      },
    }),
    'Waiting for you',
  ],
])('%s of attacks is text', async (_name, fields, text) => {
  const job = hostileJob(fields());
  await seedJobs(service.cloud, [job]);
  await show(page, `#/jobs/${job.jobId}`);
  await see(page, text);
  await see(page, SCRIPT);
  await see(page, IMAGE);
  // Every control of the job, but those that leave or end it.
  for (const button of await page.$$('main summary, main form button, main label, main select')) {
    await button.click().catch(() => undefined);
  }
  expect(await attacksIn(page)).toEqual([]);
  await show(page, '#/jobs');
  await see(page, IMAGE);
});

test('an address of attacks shows that nothing is there', async () => {
  for (const attack of ATTACKS) {
    await show(page, `#/jobs/${encodeURIComponent(attack)}`);
    await see(page, 'No such job');
    await show(page, `#/${attack}`);
    await see(page, 'Jobs');
    await show(page, `#/jobs?status=${attack}&operation=${attack}&${attack}=${attack}`);
    await see(page, 'Jobs');
    for (const place of ['webhooks', 'deliveries']) {
      await show(page, `#/${place}/${encodeURIComponent(attack)}`);
      await see(page, 'could not be read');
    }
  }
});

test('a receiver that responds with attacks does nothing to the pages of its deliveries', async () => {
  const { server, url } = await startHostileReceiver();
  try {
    await show(page, '#/webhooks');
    await press(page, 'New endpoint');
    await page.type('input[type=url]', url);
    await page.type('input[maxlength="500"]', ALL);
    await page.keyboard.press('Enter');
    await see(page, 'whsec_');
    await press(page, 'I have stored it');
    await see(page, SCRIPT);
    const link = await page.waitForSelector('main a[href^="#/webhooks/ep_"]');
    await link?.click();
    await press(page, 'Send test event');
    await see(page, 'A test event is on its way');
    const delivery = await page.waitForSelector('main a[href^="#/deliveries/"]');
    await delivery?.click();
    await see(page, 'Start of the response');
    await see(page, SCRIPT);
    expect(await attacksIn(page)).toEqual([]);
    await page.goBack();
    await pressAndConfirm(page, 'Delete endpoint');
    await page.waitForFunction(() => location.hash === '#/webhooks');
  } finally {
    server.close();
  }
});

async function startHostileReceiver(): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer((_request, response) => {
    response.writeHead(500, { 'content-type': 'text/html', location: URL_SCRIPT }).end(ALL);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` };
}
