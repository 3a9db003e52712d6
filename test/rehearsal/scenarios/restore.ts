/**
 * Restores the jobs table to a point in time: copies lost records back, and lets the stack take over a restored table, as
 * docs/guides/operations-guide.md says.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DeleteTableCommand,
  DynamoDBClient,
  PutItemCommand,
  paginateScan,
  RestoreTableToPointInTimeCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { deployedOutputs } from '../../../local/cli/deployed-stack.ts';
import type { Caller } from '../caller.ts';
import { deploy, importTable, RESTORED_JOBS, STACK, synthesize } from '../deployment.ts';
import type { Report } from '../report.ts';

const WAIT_SECONDS = 30;
/** The answer to the question of the operation `hold`. */
const GO = { go: { action: 'accept', content: { go: true } } };

/** @param jobsTable name of the table */
export async function restoreScenario(report: Report, caller: Caller, jobsTable: string): Promise<void> {
  await report.check(
    'jobs that were deleted come back from a restored table, and one that waits for an answer goes on',
    async () => {
      const client = new DynamoDBClient();
      const ended = await endedJob(caller);
      const { job_id: waiting } = await caller.tool('start_hold');
      await caller.until(waiting, 'input_required');
      const restored = `${jobsTable}-restored`;
      // ministack restores the present state only. So the jobs are deleted after the restore.
      await restore(client, jobsTable, restored);
      for (const jobId of [ended, waiting]) {
        await client.send(new DeleteItemCommand({ TableName: jobsTable, Key: { jobId: { S: jobId } } }));
        assert.equal((await caller.tool('check_job', { job_id: jobId })).error.code, 'JOB_NOT_FOUND');
      }

      assert.equal(await copyMissing(client, restored, jobsTable), 2);
      await client.send(new DeleteTableCommand({ TableName: restored }));
      assert.equal((await caller.tool('check_job', { job_id: ended })).status, 'cancelled');
      await answer(caller, waiting);
    },
  );
}

/**
 * @param jobsTable name of the table that the stack has lost @param directory for the assembly
 * @returns the assembly that is deployed last
 */
export async function takeoverScenario(
  report: Report,
  caller: Caller,
  jobsTable: string,
  directory: string,
): Promise<string | undefined> {
  const assembly = join(directory, 'restored');
  return report.check(
    'the stack takes over a restored table, and a job that waited can be retried',
    async () => {
      const client = new DynamoDBClient();
      const ended = await endedJob(caller);
      const { job_id: waiting } = await caller.tool('start_hold');
      await caller.until(waiting, 'input_required');
      const TableName = `${jobsTable}-taken-over`;
      await restore(client, jobsTable, TableName);
      await client.send(
        new UpdateTableCommand({
          TableName,
          StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
        }),
      );
      await client.send(
        new UpdateTimeToLiveCommand({
          TableName,
          TimeToLiveSpecification: { Enabled: true, AttributeName: 'expiresAt' },
        }),
      );
      await client.send(
        new UpdateContinuousBackupsCommand({
          TableName,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        }),
      );
      await synthesize(assembly, 'test/rehearsal/app/app.ts', { version: 'second', restored: 'true' });
      await importTable(assembly, RESTORED_JOBS, TableName);
      await deploy(assembly);

      assert.equal((await deployedOutputs(STACK)).JobsTableName, TableName);
      assert.equal((await caller.tool('check_job', { job_id: ended })).status, 'cancelled');
      // Its execution keeps the version of its code, which has the name of the lost table.
      await caller.tool('answer_job', { job_id: waiting, answers: GO });
      assert.equal((await caller.until(waiting, 'failed')).error.code, 'STEP_CRASHED');
      const { job_id: retried } = await caller.tool('retry_job', { job_id: waiting });
      await caller.until(retried, 'input_required');
      // The resumer reads the stream of the restored table.
      await answer(caller, retried);
      return assembly;
    },
  );
}

async function restore(client: DynamoDBClient, SourceTableName: string, TargetTableName: string) {
  await client.send(
    new RestoreTableToPointInTimeCommand({ SourceTableName, TargetTableName, UseLatestRestorableTime: true }),
  );
  await waitUntilTableExists({ client, maxWaitTime: WAIT_SECONDS }, { TableName: TargetTableName });
}

async function answer(caller: Caller, jobId: string): Promise<void> {
  await caller.tool('answer_job', { job_id: jobId, answers: GO });
  await caller.until(jobId, 'completed');
}

async function endedJob(caller: Caller): Promise<string> {
  const { job_id } = await caller.tool('start_upload', { project: 'never' });
  await caller.tool('cancel_job', { job_id });
  return job_id;
}

/** @returns the number of records that were missing */
async function copyMissing(client: DynamoDBClient, from: string, to: string): Promise<number> {
  let copied = 0;
  for await (const { Items = [] } of paginateScan({ client }, { TableName: from }))
    for (const item of Items) if (await putMissing(client, to, item)) copied += 1;
  return copied;
}

/** @returns false when the job exists */
async function putMissing(
  client: DynamoDBClient,
  TableName: string,
  Item: Record<string, AttributeValue>,
): Promise<boolean> {
  try {
    await client.send(
      new PutItemCommand({ TableName, Item, ConditionExpression: 'attribute_not_exists(jobId)' }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
