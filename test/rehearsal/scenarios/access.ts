/** Calls the deployed service as callers who may not. */
import assert from 'node:assert/strict';
import type { Credentials } from '../../../examples/signed-client.ts';
import { Caller, createUser, servedUrl } from '../caller.ts';
import type { Report } from '../report.ts';

export async function accessScenarios(
  report: Report,
  outputs: Readonly<Record<string, string>>,
  credentials: Credentials,
) {
  const url = servedUrl(outputs.McpEndpoint ?? '');
  await report.check('a request without a signature is refused', async () => {
    const { status } = await fetch(url, { method: 'POST', body: '{}' });
    assert.equal(status, 403);
  });
  await report.check('a request with a wrong signature is refused', async () => {
    await assert.rejects(Caller.connect(outputs, { ...credentials, secretAccessKey: 'wrong' }), /403/);
  });
  await report.check('a user without the permission to invoke is refused', async () => {
    const stranger = await createUser('stranger', []);
    await assert.rejects(Caller.connect(outputs, stranger), /403/);
  });
  await report.check('another user with the permission does not see the jobs', async () => {
    const caller = await Caller.connect(outputs, await createUser('other', ['execute-api:Invoke']));
    const { jobs } = await caller.tool('list_jobs');
    assert.deepEqual(jobs, []);
    await caller.close();
  });
}
