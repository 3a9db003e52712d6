/** The Lambda handler for an operation's steps: adapters built once a cold start, around the step runner. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { JobStore } from '../jobs/job-store.ts';
import { Env, requiredEnv } from '../shared/env.ts';
import type { OperationDefinition } from './define-operation.ts';
import { createStepRunner, type StepEvent } from './run-step.ts';
import { S3Workspace } from './s3-workspace.ts';
import type { StepsOf } from './step.ts';

/** @param steps one function for each step of the definition. */
export function stepHandler<Definition extends OperationDefinition>(
  operation: Definition,
  steps: StepsOf<Definition>,
) {
  const run = createStepRunner({
    operation,
    steps,
    jobs: new JobStore({ client: new DynamoDBClient(), tableName: requiredEnv(Env.jobsTableName) }),
    workspace: new S3Workspace(new S3Client(), requiredEnv(Env.workspaceBucketName)),
  });
  return middy((event: StepEvent, context: Context) => run(event, context));
}
