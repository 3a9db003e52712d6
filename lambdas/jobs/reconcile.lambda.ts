/** Every five minutes: no job stays open for longer than that and a minute after its execution has died. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import middy from '@middy/core';
import { Env, requiredEnv } from '../shared/env.ts';
import { Executions } from './executions.ts';
import { JobStore } from './job-store.ts';
import { reconcile } from './reconcile.ts';
import { WorkspaceLinks } from './workspace-links.ts';

const jobs = new JobStore({ client: new DynamoDBClient(), tableName: requiredEnv(Env.jobsTableName) });
const executions = new Executions(new SFNClient());
const workspace = new WorkspaceLinks(new S3Client(), requiredEnv(Env.workspaceBucketName));

export const handler = middy(() => reconcile({ jobs, executions, workspace }));
