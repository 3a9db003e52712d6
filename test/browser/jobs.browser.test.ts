/** Tests the pages of jobs: they show a job as it moves, and a person answers, cancels and retries it there. */
import type { Client } from '@modelcontextprotocol/client';
import type { Page } from 'puppeteer-core';
import { call } from '../support/test-cloud.ts';
import { type ConsoleCloud, consoleCloud } from './console-cloud.ts';
import { startTestedService } from './flaky-project.ts';
import { expectGoodView } from './good-view.ts';
import { jobIdOf, press, pressAndConfirm, see, seeInLog, show, textOf } from './page-actions.ts';
import { variedJobs } from './seed-history.ts';
import { seedJobs } from './seed-jobs.ts';
import { endOf, startJob } from './start-job.ts';

/** The console polls each 1.5 s. The rest is for a machine that does other things too. */
const MAX_SHOWN_AFTER_MS = 4_000;

let service: ConsoleCloud;
let client: Client;
let page: Page;
let buildId: string;

beforeAll(async () => {
  service = await consoleCloud();
  client = await service.client();
  page = await service.open();
});
afterAll(async () => {
  await page.close();
});

/** Notes in the page when it first shows each step as begun: `stepsSeen`, in epoch milliseconds. */
function noteSteps(): Promise<void> {
  return page.evaluate(() => {
    const seen: Record<string, number> = {};
    Object.assign(globalThis, { stepsSeen: seen });
    const note = () => {
      for (const row of document.querySelectorAll('.fall-row:not(.fall-pending)')) {
        seen[row.querySelector('.fall-step')?.textContent ?? ''] ??= Date.now();
      }
    };
    note();
    new MutationObserver(note).observe(document.body, {
      subtree: true,
      childList: true,
      attributeFilter: ['class'],
    });
  });
}

test('a build is shown from its first step to its end, each step within seconds', async () => {
  buildId = await startJob(client, 'start_build', { project: 'hello-service' });
  await show(page, `#/jobs/${buildId}`);
  await see(page, 'Steps');
  const openedAt = Date.now();
  await noteSteps();
  for (const step of ['install', 'compile', 'test', 'package']) await see(page, step);
  await see(page, 'Running');
  await seeInLog(page, 'added');
  await expectGoodView(page);
  await see(page, 'Completed.', 90_000);
  await see(page, 'hello-service.tar.gz');
  await see(page, 'Lambda: sandbox');
  await see(page, 'List prices of');
  await expectGoodView(page);

  const seen = (await page.evaluate('stepsSeen')) as Record<string, number>;
  const { data } = await call(client, 'check_job', { job_id: buildId, include: ['timeline'] });
  const delays = data.timeline.steps.flatMap(({ step, started_at }: { step: string; started_at: string }) => {
    const startedAt = Date.parse(started_at);
    return startedAt < openedAt ? [] : [`${step} ${(seen[step] ?? Number.NaN) - startedAt} ms`];
  });
  console.log(`The console showed steps this long after they began: ${delays.join(', ')}.`);
  expect(delays.length).toBeGreaterThanOrEqual(2);
  for (const delay of delays) expect(Number(delay.split(' ')[1])).toBeLessThan(MAX_SHOWN_AFTER_MS);
});

test('the list shows jobs with filters, counts and durations', async () => {
  await seedJobs(service.cloud, variedJobs(service.ownerOf()));
  await show(page, '#/jobs');
  await see(page, 'Durations of');
  await see(page, 'median');
  await expectGoodView(page);
  await page.select('.filters select', 'failed');
  await page.waitForFunction(() => location.hash === '#/jobs?status=failed');
  await page.waitForFunction(() => {
    const statuses = [...document.querySelectorAll('.rows-body .status')].map((each) => each.textContent);
    return statuses.length > 0 && statuses.every((status) => status === 'Failed');
  });
  await press(page, 'Clear filters');
});

async function startProductionDeploy(): Promise<string> {
  const input = { project: 'hello-service', environment: 'production', build_job_id: buildId };
  const jobId = await startJob(client, 'start_deploy', input);
  await show(page, `#/jobs/${jobId}`);
  await see(page, 'Waiting for you');
  return jobId;
}

test('a question is answered in a form', async () => {
  const jobId = await startProductionDeploy();
  await expectGoodView(page);
  const yes = await page.waitForSelector('::-p-aria([name="Yes"][role="radio"])');
  await yes?.click();
  await press(page, 'Send answer');
  await see(page, 'Completed.', 60_000);
  expect(await endOf(client, jobId)).toBe('completed');
});

test('a question is answered with the keyboard alone', async () => {
  const jobId = await startProductionDeploy();
  const stops: string[] = [];
  // From the top of the page, as a person who has just come.
  await page.reload();
  await see(page, 'Waiting for you');
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(focusedElement);
    stops.push(stop.name);
    // Each stop can be seen, and has an outline.
    expect(stop).toMatchObject({ isVisible: true, hasOutline: true });
    if (stop.type === 'radio') await page.keyboard.press('Space');
    if (stop.name === 'Send answer') break;
  }
  expect(stops.slice(0, 2)).toEqual(['Skip to the content', 'Jobs']);
  expect(stops.at(-1)).toBe('Send answer');
  await page.keyboard.press('Enter');
  await see(page, 'Completed.', 60_000);
  expect(await endOf(client, jobId)).toBe('completed');
});

/** Runs in the page. */
function focusedElement() {
  const element = document.activeElement as HTMLElement;
  const { outlineStyle } = getComputedStyle(element);
  const label = element.getAttribute('aria-label') ?? element.textContent ?? '';
  return {
    name: label.trim(),
    type: element.getAttribute('type'),
    isVisible: element.checkVisibility() && element.getBoundingClientRect().right > 0,
    hasOutline: outlineStyle !== 'none',
  };
}

test('a job is cancelled after a confirmation', async () => {
  const jobId = await startProductionDeploy();
  await press(page, 'Cancel the job…');
  await see(page, 'Its work stops');
  await press(page, 'Go back');
  expect(await call(client, 'check_job', { job_id: jobId })).toMatchObject({
    data: { status: 'input_required' },
  });
  await pressAndConfirm(page, 'Cancel the job');
  await see(page, 'Cancelled');
  expect(await endOf(client, jobId)).toBe('cancelled');
});

test('a failed build is retried from the step that failed, and from an earlier one', async () => {
  const tested = await startTestedService();
  try {
    await service.upload('web-shop', tested.url);
    const failedId = await startJob(client, 'start_build', { project: 'web-shop' });
    expect(await endOf(client, failedId)).toBe('failed');
    await show(page, `#/jobs/${failedId}`);
    await see(page, 'The job failed in step test');
    await seeInLog(page, 'the payment service responded with status 503');
    await expectGoodView(page);
    expect(tested.calls).toBe(1);

    await pressAndConfirm(page, 'Retry');
    await page.waitForFunction((id) => !location.hash.includes(id), {}, failedId);
    const retriedId = await jobIdOf(page);
    expect(await endOf(client, retriedId)).toBe('failed');
    expect(tested.calls).toBe(2);
    await see(page, 'The job failed in step test');
    expect(await stepStatuses()).toEqual(['Reused', 'Reused', 'Failed', 'Pending']);

    tested.isUp = true;
    await page.select('.retry-step select', 'compile');
    await pressAndConfirm(page, 'Retry from compile');
    await page.waitForFunction((id) => !location.hash.includes(id), {}, retriedId);
    const thirdId = await jobIdOf(page);
    expect(await endOf(client, thirdId)).toBe('completed');
    expect(tested.calls).toBe(3);
    await see(page, 'Completed.');
    await see(page, retriedId.slice(0, 8));
    expect(await stepStatuses()).toEqual(['Reused', 'Completed', 'Completed', 'Completed']);
    await expectGoodView(page);
  } finally {
    tested.close();
  }
});

function stepStatuses(): Promise<readonly (string | null)[]> {
  return page.$$eval('.fall-row .status', (badges) => badges.map((badge) => badge.textContent));
}

test("another owner's job looks like one that does not exist", async () => {
  const other = await service.client('mallory');
  const jobId = await startJob(other, 'start_build', { project: 'hello-service' });
  await show(page, `#/jobs/${jobId}`);
  await see(page, 'No such job');
  const withoutIds = (text: string) => text.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID');
  const foreign = withoutIds(await textOf(page));
  await expectGoodView(page);
  await show(page, '#/jobs/00000000-0000-4000-8000-000000000000');
  await see(page, 'No such job');
  expect(withoutIds(await textOf(page))).toBe(foreign);
  await call(other, 'cancel_job', { job_id: jobId });
});
