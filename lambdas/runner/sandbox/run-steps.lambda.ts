/** Runs the steps of a sandboxed operation. Only this function accesses the job, the bucket and the credentials. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { operations } from '../../definition/deployed-operations.ts';
import { stepMemoryMb } from '../../definition/operation-definition.ts';
import { JobStore } from '../../jobs/job-store.ts';
import { Env, requiredEnv } from '../../shared/env.ts';
import { observe } from '../../shared/observability/observe.ts';
import { S3Workspace } from '../../workspace/s3-workspace.ts';
import { WorkspaceLinks } from '../../workspace/workspace-links.ts';
import { LIMITED_BY_LAMBDA } from '../lambda-handler.ts';
import { createStepRunner, type StepEvent } from '../run-step.ts';
import { stepKeys } from '../step-keys.ts';
import { SandboxFunction } from './sandbox-function.ts';
import { sandboxedSteps } from './sandboxed-steps.ts';
import { WorkspaceUrls } from './workspace-urls.ts';

const name = requiredEnv(Env.operationName);
const operation = operations.find((each) => each.name === name);
if (!operation || !('steps' in operation))
  throw new Error(`The catalogue has no operation "${name}" with steps. Deploy the stack again.`);
const bucket = requiredEnv(Env.workspaceBucketName);
const client = new LambdaClient({ maxAttempts: 1 });
const sandboxArns: Readonly<Record<string, string>> = JSON.parse(requiredEnv(Env.sandboxFunctionArns));

function sandboxArnOf(memoryMb: number): string {
  const arn = sandboxArns[memoryMb];
  if (arn === undefined)
    throw new Error(`No sandbox of "${name}" has ${memoryMb} MiB. Deploy the stack again.`);
  return arn;
}

const run = createStepRunner({
  operation,
  steps: sandboxedSteps({
    operation,
    sandboxOf: (step) => new SandboxFunction(client, sandboxArnOf(stepMemoryMb(operation, step))),
    urls: new WorkspaceUrls(new S3Client({ requestChecksumCalculation: 'WHEN_REQUIRED' }), bucket),
  }),
  jobs: new JobStore({ client: new DynamoDBClient(), tableName: requiredEnv(Env.jobsTableName) }),
  workspace: new S3Workspace(new S3Client(), bucket),
  liveLogs: new WorkspaceLinks(bucket),
});

export const handler = middy(
  (event: StepEvent, context: Context) => run(event, context),
  LIMITED_BY_LAMBDA,
).use(observe((event: StepEvent) => stepKeys(name, event)));
