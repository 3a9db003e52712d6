/** Creates the Lambda handler that runs the steps and synchronous calls of an operation. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import type { CallEvent } from '../definition/call-protocol.ts';
import type { StepsOperation } from '../definition/operation-definition.ts';
import type { Step, StepsOf } from '../definition/step-context.ts';
import { JobStore } from '../jobs/job-store.ts';
import { Env, requiredEnv } from '../shared/env.ts';
import { observe } from '../shared/observability/observe.ts';
import { S3Workspace } from '../workspace/s3-workspace.ts';
import { WorkspaceLinks } from '../workspace/workspace-links.ts';
import { type LambdaHandler, LIMITED_BY_LAMBDA } from './lambda-handler.ts';
import { type InputRequestsEvent, recordInputRequests } from './record-input-requests.ts';
import { createCallRunner } from './run-call.ts';
import { createStepRunner, type StepEvent } from './run-step.ts';
import { stepKeys } from './step-keys.ts';

/**
 * Creates the Lambda handler for an operation without a sandbox. Export it as `handler` of the module that the operation names.
 * It builds its AWS clients once per cold start.
 * @param operation the definition
 * @param steps one function for each step of the definition
 * @returns the handler
 * @throws Error at import when an environment variable of the engine is missing
 * @example
 * ```ts
 * import { stepHandler } from 'mcp-async-operations/steps';
 * import { fetchImage } from './fetch.ts';
 * import { thumbnail } from './operation.ts';
 * import { resize } from './resize.ts';
 *
 * export const handler = stepHandler(thumbnail, { fetch: fetchImage, resize });
 * ```
 */
export function stepHandler<Definition extends StepsOperation>(
  operation: Definition,
  steps: StepsOf<Definition>,
): LambdaHandler {
  const bucket = requiredEnv(Env.workspaceBucketName);
  const workspace = new S3Workspace(new S3Client(), bucket);
  // The state machine passes each step the data that its definition declares.
  const byName = steps as Readonly<Record<string, Step<never, never>>>;
  const { mode } = operation.execution;
  const jobs = mode === 'sync' ? undefined : jobStore();
  const liveLogs = new WorkspaceLinks(bucket);
  const runStep = jobs && createStepRunner({ operation, steps: byName, jobs, workspace, liveLogs });
  const [work] = Object.values(byName);
  const runCall = mode !== 'job' && work ? createCallRunner({ operation, work, workspace }) : undefined;
  return middy(
    (event: StepEvent | InputRequestsEvent | CallEvent, context: Context): Promise<unknown> | undefined => {
      if ('call' in event) return runCall?.(event, context);
      if ('taskToken' in event) return jobs && recordInputRequests(jobs, event, context);
      return runStep?.(event, context);
    },
    LIMITED_BY_LAMBDA,
  ).use(observe((event: StepEvent | InputRequestsEvent | CallEvent) => stepKeys(operation.name, event)));
}

function jobStore(): JobStore {
  return new JobStore({ client: new DynamoDBClient(), tableName: requiredEnv(Env.jobsTableName) });
}
