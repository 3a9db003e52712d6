/** Tests the page of operators: it needs a sign-in of its own, and shows and cancels the open jobs of all owners. */
import type { Page } from 'puppeteer-core';
import { type ConsoleCloud, consoleCloud } from './console-cloud.ts';
import { expectGoodView } from './good-view.ts';
import { attacksIn, guard } from './guard.ts';
import { ATTACKS } from './hostile-project.ts';
import { press, pressAndConfirm, see, show } from './page-actions.ts';
import { jobRecord, seedJobs } from './seed-jobs.ts';
import { endOf, startJob } from './start-job.ts';

let service: ConsoleCloud;
let page: Page;

beforeAll(async () => {
  service = await consoleCloud();
  page = await service.open('#/operator');
});
afterAll(async () => {
  await page.close();
});

test('a person who signs in as operator sees the open jobs of all owners, and cancels one', async () => {
  await see(page, 'Sign in as operator');
  await expectGoodView(page);
  await press(page, 'Sign in as operator');
  await see(page, '(operator)');
  const client = await service.client('grace');
  const jobId = await startJob(client, 'start_build', { project: 'hello-service' });
  const others = ['ada', 'linus'].map((user, index) => openJob(service.ownerOf(user), index));
  await seedJobs(service.cloud, others);
  await press(page, 'Refresh jobs');
  await see(page, jobId.slice(0, 8));
  await see(page, '#grace');
  await expectGoodView(page);

  await show(page, `#/operator/${jobId}`);
  await see(page, 'install');
  await expectGoodView(page);
  await pressAndConfirm(page, 'Cancel job');
  await see(page, 'Cancelled');
  expect(await endOf(client, jobId)).toBe('cancelled');
});

test('an owner and a step whose names attack are text', async () => {
  const { problems } = guard(page, [new URL(service.cloud.url).origin, service.identityProvider.issuer]);
  const job = { ...openJob(ATTACKS[1], 1), step: ATTACKS[0], operation: ATTACKS[4] };
  await seedJobs(service.cloud, [job]);
  await show(page, '#/operator');
  await see(page, ATTACKS[1]);
  expect(await attacksIn(page)).toEqual([]);
  await show(page, `#/operator/${job.jobId}`);
  await see(page, ATTACKS[0]);
  expect(await attacksIn(page)).toEqual([]);
  expect(problems).toEqual([]);
});

/** A job that the index of open jobs has. It has no execution, so the next sweep fails it. */
function openJob(owner: string, index: number) {
  const createdAt = new Date(Date.now() - (index + 1) * 40_000).toISOString();
  const job = jobRecord({ owner, status: 'running', progress: 0.4, step: 'compile', createdAt });
  return { ...job, openOwner: owner };
}
