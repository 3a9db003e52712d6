/** The Lambda handler for an operation's own code: adapters built once a cold start, around what runs steps and calls. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { JobStore } from '../jobs/job-store.ts';
import { Env, requiredEnv } from '../shared/env.ts';
import type { CallEvent } from '../definition/call-protocol.ts';
import type { StepsOperation } from '../definition/define-operation.ts';
import { type QuestionsEvent, recordQuestions } from './record-input-requests.ts';
import { createCallRunner } from './run-call.ts';
import { createStepRunner, type StepEvent } from './run-step.ts';
import { S3Workspace } from '../workspace/s3-workspace.ts';
import type { Step, StepsOf } from '../definition/step-context.ts';

/** @param steps one function for each step of the definition. */
export function stepHandler<Definition extends StepsOperation>(
  operation: Definition,
  steps: StepsOf<Definition>,
) {
  const workspace = new S3Workspace(new S3Client(), requiredEnv(Env.workspaceBucketName));
  const { mode } = operation.execution;
  const jobs = mode === 'sync' ? undefined : jobStore();
  const runStep = jobs && createStepRunner({ operation, steps, jobs, workspace });
  const [work] = Object.values(steps) as readonly Step<never>[];
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
