/** Writes jobs and their files as a service that has run for days has them. */
import { randomUUID } from 'node:crypto';
import { type AttributeValue, ListTablesCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { hashInput, isTerminal, type Job } from '../../lambdas/jobs/job.ts';
import { toItem } from '../../lambdas/jobs/job-item.ts';
import { BUCKET_OUTPUT } from '../../local/cli/upload-project.ts';
import type { LocalCloud } from '../../local/cloud.ts';
import { awsClients } from '../support/test-cloud.ts';

type Outputs = Pick<LocalCloud, 'environment' | 'outputs'>;

const DAY_MS = 24 * 60 * 60 * 1_000;

/** Returns the record of a completed build. @param fields what differs from it */
export function jobRecord(fields: Partial<Job> & Pick<Job, 'owner'>): Job {
  const nowMs = Date.now();
  const at = new Date(nowMs - 60_000).toISOString();
  const { input = { project: 'hello-service' } } = fields;
  const { createdAt = at } = fields;
  const isOpen = fields.status !== undefined && !isTerminal(fields.status);
  return {
    jobId: randomUUID(),
    operation: 'build',
    status: 'completed',
    version: 3,
    progress: 1,
    input,
    subject: { name: 'project', value: String((input as { project?: string }).project) },
    inputHash: hashInput(input),
    createdAt,
    startedAt: createdAt,
    updatedAt: at,
    ...(!isOpen && { endedAt: at }),
    retentionSeconds: 7 * 24 * 60 * 60,
    expiresAt: Math.floor((nowMs + 7 * DAY_MS) / 1_000),
    ...fields,
  };
}

/** Requests at once. */
const WRITERS = 8;

/** Writes records without the index of open jobs, where the sweep would find that they have no execution. */
export async function seedJobs(cloud: Outputs, jobs: readonly Job[]): Promise<void> {
  const { dynamodb } = awsClients(cloud);
  const rest = jobs.values();
  const write = async () => {
    for (const job of rest) {
      const Item = toItem({ ...job });
      await dynamodb.send(new PutItemCommand({ TableName: cloud.outputs.JobsTableName, Item }));
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
  dynamodb.destroy();
}

/** Writes items to a table that is no output of the stack. @param name its start is enough */
export async function seedItems(
  cloud: Outputs,
  name: string,
  items: readonly Record<string, AttributeValue>[],
): Promise<void> {
  const { dynamodb } = awsClients(cloud);
  const { TableNames = [] } = await dynamodb.send(new ListTablesCommand());
  const TableName = TableNames.find((each) => each.startsWith(name));
  if (TableName === undefined) throw new Error(`No table starts with ${name}: ${TableNames.join(', ')}.`);
  for (const Item of items) await dynamodb.send(new PutItemCommand({ TableName, Item }));
  dynamodb.destroy();
}

/** Writes an object to the workspace. @returns what a record says of it */
export async function seedObject(cloud: Outputs, key: string, body: Buffer) {
  const { s3 } = awsClients(cloud);
  await s3.send(new PutObjectCommand({ Bucket: cloud.outputs[BUCKET_OUTPUT], Key: key, Body: body }));
  s3.destroy();
  return { key, size: body.length, sha256: '0'.repeat(64) };
}
