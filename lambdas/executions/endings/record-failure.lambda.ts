/** Records the failures that a step could not record itself, from a state's `Catch` or from EventBridge. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import { deployedNames } from '../../definition/deployed-names.ts';
import { JobStore } from '../../jobs/job-store.ts';
import { Env, requiredEnv } from '../../shared/env.ts';
import { observe } from '../../shared/observability/observe.ts';
import {
  type CaughtError,
  type ExecutionEnded,
  jobIdOf,
  recordCaughtError,
  recordExecutionEnded,
} from './record-failure.ts';

const jobs = new JobStore({ client: new DynamoDBClient(), tableName: requiredEnv(Env.jobsTableName) });

export const handler = middy((event: CaughtError | ExecutionEnded) =>
  'detail' in event ? recordExecutionEnded(jobs, event, deployedNames) : recordCaughtError(jobs, event),
).use(observe((event: CaughtError | ExecutionEnded) => ({ job_id: jobIdOf(event) })));
