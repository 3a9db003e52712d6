/** Resumes jobs whose files have arrived in the workspace. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import { JobStore } from '../../jobs/job-store.ts';
import { jobIdOfUpload } from '../../jobs/upload-key.ts';
import { Env, requiredEnv } from '../../shared/env.ts';
import { observe } from '../../shared/observability/observe.ts';
import { WorkspaceLinks } from '../../workspace/workspace-links.ts';
import { type ObjectCreated, receiveUpload } from './receive-upload.ts';

const jobs = new JobStore({ client: new DynamoDBClient(), tableName: requiredEnv(Env.jobsTableName) });
const workspace = new WorkspaceLinks(requiredEnv(Env.workspaceBucketName));

export const handler = middy((event: ObjectCreated) => receiveUpload({ jobs, workspace }, event)).use(
  observe(({ detail }: ObjectCreated) => ({ job_id: jobIdOfUpload(detail.object.key) })),
);
