/** Starts and ends the steps of a sandboxed operation. Between them its sandbox reports, and this function does not run. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { operations } from '../../definition/deployed-operations.ts';
import { stepMemoryMb } from '../../definition/operation-definition.ts';
import { JobStore } from '../../jobs/job-store.ts';
import { signedFetch } from '../../shared/aws/signed-fetch.ts';
import { Env, requiredEnv } from '../../shared/env.ts';
import { observe } from '../../shared/observability/observe.ts';
import { SecretVersions } from '../../webhooks/signing/secret-versions.ts';
import { S3Workspace } from '../../workspace/s3-workspace.ts';
import { WorkspaceLinks } from '../../workspace/workspace-links.ts';
import { LIMITED_BY_LAMBDA } from '../lambda-handler.ts';
import { stepKeys } from '../step-keys.ts';
import { AttemptSeal } from './attempt-state.ts';
import { createAttemptEnder, type EndEvent } from './end-attempt.ts';
import { SandboxFunction } from './sandbox-function.ts';
import { createAttemptStarter, type StartEvent } from './start-attempt.ts';
import { WorkspaceUrls } from './workspace-urls.ts';

const name = requiredEnv(Env.operationName);
const operation = operations.find((each) => each.name === name);
if (!operation || !('steps' in operation))
  throw new Error(`The catalogue has no operation "${name}" with steps. Deploy the stack again.`);
const bucket = requiredEnv(Env.workspaceBucketName);
const client = new LambdaClient();
const sandboxArns: Readonly<Record<string, string>> = JSON.parse(requiredEnv(Env.sandboxFunctionArns));

function sandboxArnOf(memoryMb: number): string {
  const arn = sandboxArns[memoryMb];
  if (arn === undefined)
    throw new Error(`No sandbox of "${name}" has ${memoryMb} MiB. Deploy the stack again.`);
  return arn;
}
const jobs = new JobStore({ client: new DynamoDBClient(), tableName: requiredEnv(Env.jobsTableName) });
const workspace = new S3Workspace(new S3Client(), bucket);
const files = new WorkspaceLinks(bucket);

const start = createAttemptStarter({
  operation,
  jobs,
  workspace,
  files,
  sandboxOf: (step) => new SandboxFunction(client, sandboxArnOf(stepMemoryMb(operation, step))),
  urls: new WorkspaceUrls(new S3Client({ requestChecksumCalculation: 'WHEN_REQUIRED' }), bucket),
  seal: new AttemptSeal(new SecretVersions(signedFetch('secretsmanager'), requiredEnv(Env.reportsSecretArn))),
  reportsUrl: requiredEnv(Env.reportsUrl),
});
const end = createAttemptEnder({ operation, jobs, workspace, files });

export const handler = middy(
  async (event: StartEvent | EndEvent, context: Context): Promise<unknown> =>
    'end' in event ? end(event, context) : start(event, context),
  LIMITED_BY_LAMBDA,
).use(
  observe((event: StartEvent | EndEvent) => {
    if (!('end' in event)) return stepKeys(name, event);
    const { jobId, step, owner, attempt } = event.end.state;
    return { job_id: jobId, operation: name, step, owner, attempt: attempt + 1 };
  }),
);
