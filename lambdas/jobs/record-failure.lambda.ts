/** Records the failure of an execution whose step could not do so itself: it crashed, timed out or never started. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import { Env, requiredEnv } from '../shared/env.ts';
import { JobStore } from './job-store.ts';
import { type CaughtError, recordFailure } from './record-failure.ts';

const jobs = new JobStore({ client: new DynamoDBClient(), tableName: requiredEnv(Env.jobsTableName) });

export const handler = middy((caught: CaughtError) => recordFailure(jobs, caught));
