/** Records status events of external state machines, from EventBridge, on their jobs. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import middy from '@middy/core';
import { operations } from '../../definition/deployed-operations.ts';
import { leadingJobId } from '../../jobs/job.ts';
import { JobStore } from '../../jobs/job-store.ts';
import { Env, requiredEnv } from '../../shared/env.ts';
import { observe } from '../../shared/observability/observe.ts';
import { S3Workspace } from '../../workspace/s3-workspace.ts';
import { ExecutionHistory } from '../execution-history.ts';
import { ExecutionProgress } from '../execution-progress.ts';
import { Executions } from '../executions.ts';
import { ExecutionRecorder, type StatusChanged } from './execution-recorder.ts';

const jobs = new JobStore({ client: new DynamoDBClient(), tableName: requiredEnv(Env.jobsTableName) });
const recorder = new ExecutionRecorder({
  jobs,
  executions: new Executions(new SFNClient(), operations),
  executionProgress: new ExecutionProgress({ jobs, history: new ExecutionHistory(), operations }),
  workspace: new S3Workspace(new S3Client(), requiredEnv(Env.workspaceBucketName)),
  operations,
});

export const handler = middy((event: StatusChanged) => recorder.statusChanged(event)).use(
  observe(({ detail }: StatusChanged) => ({ job_id: leadingJobId(detail.name) })),
);
