/** Updates the deployed stack in place while jobs run and wait. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Caller } from '../caller.ts';
import { deploy, synthesize } from '../deployment.ts';
import type { Report } from '../report.ts';

const APP = 'test/rehearsal/app/app.ts';

/** @param directory for the assemblies @returns the assembly that is deployed last */
export async function updateScenarios(report: Report, caller: Caller, directory: string): Promise<string> {
  const [first, second] = [join(directory, 'first'), join(directory, 'second')];
  await synthesize(first, APP, { version: 'first' });
  await synthesize(second, APP, { version: 'second' });
  await report.check(
    'an update that adds an operation keeps the jobs, and a build that runs meanwhile ends',
    async () => {
      const { jobs } = await caller.tool('list_jobs', { limit: 100 });
      const { job_id } = await caller.tool('start_build', { project: 'quick' });
      await deploy(first);
      await caller.until(job_id, 'completed');
      const after = await caller.tool('list_jobs', { limit: 100 });
      assert.equal(after.jobs.length, jobs.length + 1);
    },
  );
  await report.check('a job that waits for an answer goes on with the steps that it began with', async () => {
    const { job_id } = await caller.tool('start_hold');
    await caller.until(job_id, 'input_required');
    await deploy(second);
    await caller.tool('answer_job', { job_id, answers: { go: { action: 'accept', content: { go: true } } } });
    const { result } = await caller.until(job_id, 'completed');
    assert.deepEqual(result, { version: 'first' });
  });
  await report.check('a job that starts after the update has the new steps', async () => {
    const { job_id } = await caller.tool('start_hold');
    await caller.until(job_id, 'input_required');
    await caller.tool('answer_job', { job_id, answers: { go: { action: 'accept', content: { go: true } } } });
    const { result } = await caller.until(job_id, 'completed');
    assert.deepEqual(result, { version: 'second' });
  });
  return second;
}
