/**
 * Checks that the pictures of the console are current. Jobs, endpoints and deliveries are records with fixed ids and durations, which
 * the API reads as any others; only their times, and the clock of the page, are moved to a fixed day.
 */
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Page } from 'puppeteer-core';
import { formatDuration } from '../../console/shared/duration.ts';
import { eventOf } from '../../lambdas/events/event.ts';
import { type Job, stepLogKey } from '../../lambdas/jobs/job.ts';
import { deliveryId } from '../../lambdas/webhooks/deliveries/delivery.ts';
import { toItem as toDeliveryItem } from '../../lambdas/webhooks/deliveries/delivery-item.ts';
import type { Frame } from './animated-png.ts';
import { type ConsoleCloud, consoleCloud } from './console-cloud.ts';
import { moveClock, movePageTo, PICTURE_TIME_MS } from './fixed-clock.ts';
import { press, see, seeInLog, show } from './page-actions.ts';
import {
  askingDeploy,
  BUILD_STEPS,
  buildAt,
  failedBuildAndRetry,
  idOf,
  openJobs,
  PICTURED_ISSUER,
  type PicturedStep,
  picturedWebhooks,
  SHOP_STEPS,
} from './pictured-records.ts';
import { expectAnimation, expectPictures } from './pictures.ts';
import { variedJobs } from './seed-history.ts';
import { seedItems, seedJobs, seedObject } from './seed-jobs.ts';

const USER = 'ada';
const MINUTE_MS = 60_000;

/** What becomes the time of the pictures: whole seconds, as in the expiry of records. */
const nowMs = Math.floor(Date.now() / 1_000) * 1_000;

let service: ConsoleCloud;
let page: Page;
let owner: string;
let build: Job;

beforeAll(async () => {
  service = await consoleCloud();
  owner = service.ownerOf(USER);
  build = buildOf('completed', nowMs - 4 * MINUTE_MS, Number.POSITIVE_INFINITY);
  page = await service.open('#/webhooks', USER);
  await see(page, 'There are no endpoints yet');
  await movePageTo(page, PICTURE_TIME_MS, nowMs);
});
afterAll(async () => {
  await page.browserContext().close();
});

function buildOf(name: string, createdMs: number, elapsedMs: number): Job {
  const steps = BUILD_STEPS;
  return buildAt({ owner, jobId: idOf(name), project: 'hello-service', steps, createdMs, elapsedMs });
}

/** Ids of the jobs that `seed` has written. */
const seeded = new Set<string>();
/** The jobs of the tests before those of the lists. */
const LISTED = 6;

/** @throws Error when the jobs of the tests before this one are missing, which its pictures list */
function requireListedJobs(): void {
  if (seeded.size === LISTED) return;
  throw new Error(
    `The pictures list ${LISTED} jobs of earlier tests, and ${seeded.size} exist. Run the whole file, without -t.`,
  );
}

async function seed(job: Job, steps: readonly PicturedStep[] = []): Promise<void> {
  seeded.add(job.jobId);
  for (const { name, log } of steps) {
    await seedObject(service.cloud, stepLogKey(job.jobId, name), Buffer.from(log));
  }
  await seedJobs(service.cloud, [job]);
}

test('the sign-in', async () => {
  const tab = await service.browser.newPage();
  await tab.goto(`${service.cloud.url}/console`);
  await see(tab, 'With ');
  await replaceText(tab, service.identityProvider.issuer, PICTURED_ISSUER);
  await expectPictures(tab, 'console-sign-in');
  await tab.close();
});

/** Replaces a text that differs with each run. */
function replaceText(tab: Page, text: string, by: string): Promise<void> {
  return tab.evaluate(
    (from, to) => {
      const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      while (texts.nextNode()) {
        const node = texts.currentNode as Text;
        node.data = node.data.replaceAll(from, to);
      }
    },
    text,
    by,
  );
}

test('a build that runs', async () => {
  const elapsedMs = 9_840;
  const job = buildOf('running', nowMs - elapsedMs, elapsedMs);
  await seed(job, BUILD_STEPS.slice(0, 2));
  await show(page, `#/jobs/${job.jobId}`);
  await see(page, 'Running compile.');
  await seeInLog(page, '> tsc');
  await see(page, 'Input');
  await expectPictures(page, 'console-job-running');
});

/** Milliseconds of a build, from its second step to its end. */
const FRAMES = [6_500, 8_000, 9_500, 11_000, 12_500, 13_900, 15_000, 16_300, 17_800, 19_000];
const FRAME_MS = 900;
const LAST_FRAME_MS = 4_000;

test('a build that moves from its second step to its end', async () => {
  const createdMs = nowMs - 20_000;
  const frames: Frame[] = [];
  for (const elapsedMs of FRAMES) {
    const job = buildOf('moving', createdMs, elapsedMs);
    const begun = BUILD_STEPS.filter(({ from }) => from <= elapsedMs);
    await seed(job, begun);
    await moveClock(page, PICTURE_TIME_MS - 20_000 + elapsedMs);
    if (frames.length === 0) await show(page, `#/jobs/${job.jobId}`);
    else await returnToTab();
    const isEnd = job.status === 'completed';
    await see(page, isEnd ? 'Completed.' : `${job.message}`);
    const ranMs = Date.parse(job.endedAt ?? '') || createdMs + elapsedMs;
    await seeFact(formatDuration(ranMs - Date.parse(`${job.startedAt}`)));
    await seeInLog(page, `${begun.at(-1)?.log.trim().split('\n').at(-1)}`);
    if (isEnd) await see(page, 'List prices of');
    frames.push({ png: await page.screenshot(), milliseconds: isEnd ? LAST_FRAME_MS : FRAME_MS });
  }
  await expectAnimation('console-job-moving', frames);
  await moveClock(page, PICTURE_TIME_MS);
});

/** Waits until a fact of the job is this one, such as how long it has run. */
async function seeFact(fact: string): Promise<void> {
  await page.waitForFunction(
    (text) => [...document.querySelectorAll('.facts-line dd')].some((each) => each.textContent === text),
    {},
    fact,
  );
}

/** Makes the page read at once, as when a person comes back to its tab. */
async function returnToTab(): Promise<void> {
  for (const isHidden of [true, false]) {
    await page.evaluate(async (hidden) => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
      document.dispatchEvent(new Event('visibilitychange'));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }, isHidden);
  }
}

test('a completed build', async () => {
  await seed(build, BUILD_STEPS);
  await show(page, `#/jobs/${build.jobId}`);
  await see(page, 'List prices of');
  await seeInLog(page, 'Wrote builds');
  await expectPictures(page, 'console-job');
});

test('a deploy that asks', async () => {
  const job = askingDeploy(owner, nowMs - 24_000, build);
  await seed(job);
  await show(page, `#/jobs/${job.jobId}`);
  await see(page, 'Waiting for you');
  await see(page, 'Nothing has been printed');
  await expectPictures(page, 'console-question');
});

test('a failed build and its retry', async () => {
  const [failed, retry] = failedBuildAndRetry(owner, nowMs - 12 * MINUTE_MS);
  await seed(failed, SHOP_STEPS.slice(0, 3));
  await seed(retry, SHOP_STEPS.slice(1));
  await show(page, `#/jobs/${failed.jobId}`);
  await see(page, 'The job failed in step test');
  await seeInLog(page, 'the payment service responded with status 503');
  await expectPictures(page, 'console-job-failed');
  await show(page, `#/jobs/${retry.jobId}`);
  await see(page, 'Retry of');
  await seeInLog(page, 'Wrote builds');
  await expectPictures(page, 'console-job-retried');
});

test('the list of jobs', async () => {
  requireListedJobs();
  const history = variedJobs(owner, { nowMs: nowMs - 20 * MINUTE_MS });
  await seedJobs(
    service.cloud,
    history.map((job, index) => ({ ...job, jobId: idOf(`history ${index}`) })),
  );
  await show(page, '#/jobs');
  await see(page, 'Durations of');
  await see(page, 'median');
  await expectPictures(page, 'console-jobs');
});

test('endpoints and deliveries', async () => {
  const event = eventOf({ ...build, status: 'running' }, build);
  if (!event) throw new Error('A build that completes has an event.');
  const { endpoints, deliveries } = picturedWebhooks(owner, nowMs, event);
  await seedItems(
    service.cloud,
    'WebhooksTablesEndpoints',
    endpoints.map((endpoint) => marshall(endpoint)),
  );
  await seedItems(
    service.cloud,
    'WebhooksTablesDeliveries',
    deliveries.map((delivery) => toDeliveryItem({ ...delivery, listedUnder: delivery.endpointId })),
  );
  await show(page, '#/webhooks');
  await see(page, 'Healthy');
  await see(page, 'Failing');
  await expectPictures(page, 'console-webhooks');
  await show(page, `#/webhooks/${endpoints[0].endpointId}`);
  await see(page, 'Last success');
  await see(page, '5 deliveries');
  await expectPictures(page, 'console-endpoint');
  await show(page, `#/deliveries/${deliveryId(deliveries[0])}`);
  await see(page, 'Attempts (3)');
  await expectPictures(page, 'console-delivery');
});

test('the page of operators', async () => {
  requireListedJobs();
  const tab = await service.open('#/operator');
  await press(tab, 'Sign in as operator');
  await see(tab, '(operator)');
  await see(tab, 'Findings of the sweep');
  await movePageTo(tab, PICTURE_TIME_MS, nowMs);
  await seedJobs(service.cloud, openJobs(nowMs));
  await show(tab, '#/webhooks');
  await see(tab, 'New endpoint');
  await show(tab, '#/operator');
  await see(tab, '3 jobs.');
  await expectPictures(tab, 'console-operator');
  await tab.close();
});
