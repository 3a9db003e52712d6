/** The files of executions on a full disk. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createExecutionStore } from '../../../local/stepfunctions/execution-store.ts';

test('a full disk is reported with the name of the file, and the write is never acknowledged', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'executions-'));
  mkdirSync(join(directory, 'machine'));
  symlinkSync('/dev/full', join(directory, 'machine', 'job.json.RUNNING'));
  const record = {
    arn: 'arn:aws:states:us-east-1:000000000000:execution:machine:job',
    machineArn: 'arn:aws:states:us-east-1:000000000000:stateMachine:machine',
    name: 'job',
    input: '{}',
    status: 'RUNNING',
    startDate: Date.now(),
  } as const;
  let saved = false;
  const failure = await new Promise<Error>((resolve) => {
    createExecutionStore(directory, resolve)
      .save(record)
      .then(() => {
        saved = true;
      });
  });
  expect(failure.message).toContain(`${join(directory, 'machine', 'job.json')} cannot be written (ENOSPC`);
  expect(failure.message).toContain('start the local cloud again: its jobs continue');
  await new Promise(setImmediate);
  expect(saved).toBe(false);
  rmSync(directory, { recursive: true });
});
