/** Records the failure of a job that could not do so itself: told by a state's `Catch`, or by EventBridge. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import { JobStore } from '../../jobs/job-store.ts';
import { Env, requiredEnv } from '../../shared/env.ts';
import {
  type CaughtError,
  type ExecutionEnded,
  recordCaughtError,
  recordExecutionEnded,
} from './record-failure.ts';

const jobs = new JobStore({ client: new DynamoDBClient(), tableName: requiredEnv(Env.jobsTableName) });

export const handler = middy((event: CaughtError | ExecutionEnded) =>
  'detail' in event ? recordExecutionEnded(jobs, event) : recordCaughtError(jobs, event),
);
