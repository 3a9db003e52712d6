/** Starts and stops executions whose first start or stop Step Functions throttled. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import middy from '@middy/core';
import type { SQSEvent } from 'aws-lambda';
import { deployedNames as deployed } from '../../definition/deployed-names.ts';
import { operations } from '../../definition/deployed-operations.ts';
import { JobStore } from '../../jobs/job-store.ts';
import { Env, requiredEnv } from '../../shared/env.ts';
import { observe } from '../../shared/observability/observe.ts';
import { Executions } from '../executions.ts';
import { settleQueued } from './settle-queued.ts';

/** With the SDK's pauses, some 15 s: half of the function's time. */
const ATTEMPTS = 6;

const jobs = new JobStore({ client: new DynamoDBClient(), tableName: requiredEnv(Env.jobsTableName) });
const executions = new Executions(new SFNClient({ maxAttempts: ATTEMPTS }), operations);

export const handler = middy(({ Records }: SQSEvent) =>
  settleQueued({ jobs, executions, deployed }, Records),
).use(observe());
