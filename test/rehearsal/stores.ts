/** Runs the tests of the stores on other implementations of DynamoDB, which evaluate the expressions with code of their own. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram, startServer } from './programs.ts';
import type { Report } from './report.ts';

const MOTO = fileURLToPath(new URL('./python/moto_server.py', import.meta.url));
const TESTS = [
  'test/jobs/job-store.test.ts',
  'test/jobs/limits.test.ts',
  'test/jobs/input/answer-grant.test.ts',
  'test/executions/submit.test.ts',
  'test/executions/endings/sweep-lease.test.ts',
  'test/shared/aws/owner-slots.test.ts',
  'test/webhooks/stores.test.ts',
  'test/webhooks/route-events.test.ts',
  'test/webhooks/sending/deliver.test.ts',
  'test/api/replay.test.ts',
];

/** @param python that has moto @param directory for its log */
export async function storeChecks(report: Report, python: string, directory: string): Promise<void> {
  const { AWS_ENDPOINT_URL = '' } = process.env;
  await report.check("the tests of the stores pass on ministack's DynamoDB", () =>
    runTests(AWS_ENDPOINT_URL),
  );
  await report.check("the tests of the stores pass on moto's DynamoDB", async () => {
    const logFile = join(directory, 'moto.log');
    const { port, stop } = await startServer(python, [MOTO], { env: process.env, logFile });
    await runTests(`http://127.0.0.1:${port}`);
    await stop();
    assert.match(await readFile(logFile, 'utf8'), /POST/, 'The tests did not use moto.');
  });
}

async function runTests(endpoint: string): Promise<void> {
  // One after another: the tests share the endpoint and the names of their tables.
  await runProgram('npm', ['run', '--silent', 'jest', '--', '-w', '1', ...TESTS], {
    env: { ...process.env, TEST_DYNAMODB_ENDPOINT: endpoint },
  });
}
