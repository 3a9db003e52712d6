/** Uses the deployed service as callers do: builds, questions, uploads, and ways to end a job early. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SFNClient,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { packProject } from '../../../local/cli/pack-project.ts';
import type { Caller } from '../caller.ts';
import type { Report } from '../report.ts';

/** @param uploaded folder of the project to upload; the projects `quick` and `slow` are in the workspace */
export async function jobScenarios(report: Report, caller: Caller, uploaded: string): Promise<void> {
  const project = 'quick';
  const built = await report.check(
    'a signed start_build runs to the end, and its artifact has the sha256',
    async () => {
      const started = await caller.tool('start_build', { project, idempotency_key: 'first' });
      assert.equal(started.status, 'pending');
      const again = await caller.tool('start_build', { project, idempotency_key: 'first' });
      assert.equal(again.job_id, started.job_id);
      const job = await caller.until(started.job_id, 'completed');
      assert.deepEqual(job.result.skipped, []);
      const [{ name }] = job.files;
      const { files } = await caller.tool('get_file', { job_id: job.job_id, name });
      const [file] = files;
      const response = await fetch(file.url);
      const bytes = Buffer.from(await response.arrayBuffer());
      assert.equal(response.status, 200, bytes.toString());
      assert.equal(createHash('sha256').update(bytes).digest('hex'), job.result.sha256);
      return job;
    },
  );
  await report.check(
    'operations that do not wait answer at once: read_project_file and search_project',
    async () => {
      const file = await caller.tool('read_project_file', { project, path: 'package.json' });
      assert.match(JSON.stringify(file), /quick/);
      const found = await caller.tool('search_project', { project, pattern: 'greeting' });
      assert.match(JSON.stringify(found), /src\/main\.js/);
    },
  );
  await report.check('a start for a project that does not exist is refused', async () => {
    const refused = await caller.tool('start_build', { project: 'absent' });
    assert.equal(refused.error.code, 'PROJECT_NOT_FOUND');
  });
  await report.check('a deploy to production asks, and goes on with the answer', async () => {
    const { job_id } = await caller.tool('start_deploy', {
      project,
      build_job_id: built?.job_id,
      environment: 'production',
    });
    const { input_requests } = await caller.until(job_id, 'input_required');
    const answers = {
      [String(Object.keys(input_requests)[0])]: { action: 'accept', content: { approve: true } },
    };
    await caller.tool('answer_job', { job_id, answers });
    const { result } = await caller.until(job_id, 'completed');
    assert.equal(result.sha256, built?.result.sha256);
  });
  await report.check('a file that is put at the URL of an upload becomes a project', async () => {
    const bytes = await readFile(await packProject(uploaded));
    const started = await caller.tool('start_upload', { project: 'uploaded', size: bytes.length });
    const { input_requests } = await caller.until(started.job_id, 'input_required');
    const put = await fetch(input_requests.file.upload.url, { method: 'PUT', body: new Uint8Array(bytes) });
    assert.equal(put.status, 200, await put.text());
    const { result } = await caller.until(started.job_id, 'completed');
    assert.equal(result.sha256, createHash('sha256').update(bytes).digest('hex'));
  });
  await report.check('a job that is cancelled stays cancelled, and its execution ends', async () => {
    const { job_id } = await caller.tool('start_build', { project: 'slow' });
    await caller.untilStep(job_id, 'compile');
    assert.equal((await caller.tool('cancel_job', { job_id })).status, 'cancelled');
    assert.equal((await findExecution(job_id)).status, 'ABORTED');
    assert.equal((await caller.tool('check_job', { job_id })).status, 'cancelled');
  });
  await report.check('a job whose execution is stopped from outside fails', async () => {
    const { job_id } = await caller.tool('start_build', { project: 'slow' });
    await caller.untilStep(job_id, 'compile');
    await stopExecution(job_id);
    const { error } = await caller.until(job_id, 'failed');
    assert.equal(error.code, 'EXECUTION_STOPPED');
  });
  await report.check('the management API lists the jobs', async () => {
    const response = await caller.api('GET', 'jobs?limit=100');
    assert.equal(response.status, 200);
    const { jobs } = (await response.json()) as { readonly jobs: readonly { readonly status: string }[] };
    const statuses = new Set(jobs.map(({ status }) => status));
    assert.deepEqual([...statuses].sort(), ['cancelled', 'completed', 'failed']);
  });
}

async function stopExecution(jobId: string): Promise<void> {
  const { executionArn } = await findExecution(jobId);
  await new SFNClient().send(new StopExecutionCommand({ executionArn, cause: 'The rehearsal stops it.' }));
}

/** @throws Error when no execution has the name of the job */
async function findExecution(jobId: string) {
  const client = new SFNClient();
  const { stateMachines = [] } = await client.send(new ListStateMachinesCommand());
  for (const { stateMachineArn } of stateMachines) {
    const { executions = [] } = await client.send(new ListExecutionsCommand({ stateMachineArn }));
    const found = executions.find(({ name }) => name === jobId);
    if (found) return found;
  }
  throw new Error(`No execution has the name ${jobId}.`);
}
