/** The Lambda handler for an operation's own code: adapters built once a cold start, around what runs steps and calls. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import type { CallEvent } from '../definition/call-protocol.ts';
import type { StepsOperation } from '../definition/operation-definition.ts';
import type { Step, StepsOf } from '../definition/step-context.ts';
import { JobStore } from '../jobs/job-store.ts';
import { Env, requiredEnv } from '../shared/env.ts';
import { S3Workspace } from '../workspace/s3-workspace.ts';
import { type QuestionsEvent, recordQuestions } from './record-input-requests.ts';
import { createCallRunner } from './run-call.ts';
import { createStepRunner, type StepEvent } from './run-step.ts';

/** @param steps one function for each step of the definition. */
export function stepHandler<Definition extends StepsOperation>(
  operation: Definition,
  steps: StepsOf<Definition>,
) {
  const workspace = new S3Workspace(new S3Client(), requiredEnv(Env.workspaceBucketName));
  // Each step takes what its definition says; the state machine passes it on.
  const byName = steps as Readonly<Record<string, Step<never, never>>>;
  const { mode } = operation.execution;
  const jobs = mode === 'sync' ? undefined : jobStore();
  const runStep = jobs && createStepRunner({ operation, steps: byName, jobs, workspace });
  const [work] = Object.values(byName);
  const runCall = mode !== 'job' && work ? createCallRunner({ operation, work, workspace }) : undefined;
  return middy(
    (event: StepEvent | QuestionsEvent | CallEvent, context: Context): Promise<unknown> | undefined => {
      if ('call' in event) return runCall?.(event, context);
      if ('taskToken' in event) return jobs && recordQuestions(jobs, event, context);
      return runStep?.(event, context);
    },
  );
}

function jobStore(): JobStore {
  return new JobStore({ client: new DynamoDBClient(), tableName: requiredEnv(Env.jobsTableName) });
}
