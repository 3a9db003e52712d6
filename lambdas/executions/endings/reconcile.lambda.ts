/** Reconciles open jobs every two minutes. A job closes at most six minutes after its execution has ended. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { deployedNames } from '../../definition/deployed-names.ts';
import { operations } from '../../definition/deployed-operations.ts';
import { longestRunMs } from '../../definition/operation-definition.ts';
import { JobStore } from '../../jobs/job-store.ts';
import { Env, requiredEnv } from '../../shared/env.ts';
import { writeMetrics } from '../../shared/observability/metrics.ts';
import { observe } from '../../shared/observability/observe.ts';
import { S3Workspace } from '../../workspace/s3-workspace.ts';
import { WorkspaceLinks } from '../../workspace/workspace-links.ts';
import { ExecutionHistory } from '../execution-history.ts';
import { ExecutionProgress } from '../execution-progress.ts';
import { Executions } from '../executions.ts';
import { ExecutionRecorder } from './execution-recorder.ts';
import { reconcile } from './reconcile.ts';
import { SweepFindings } from './sweep-findings.ts';
import { SweepLease } from './sweep-lease.ts';

const client = new DynamoDBClient();
const jobs = new JobStore({ client, tableName: requiredEnv(Env.jobsTableName) });
const sweeps = { client, tableName: requiredEnv(Env.sweepsTableName) };
const lease = new SweepLease(sweeps);
const findings = new SweepFindings(sweeps);
const bucket = requiredEnv(Env.workspaceBucketName);
const workspace = new WorkspaceLinks(bucket);
const executions = new Executions(new SFNClient(), operations);
const recorder = new ExecutionRecorder({
  jobs,
  executions,
  executionProgress: new ExecutionProgress({ jobs, history: new ExecutionHistory(), operations }),
  workspace: new S3Workspace(new S3Client(), bucket),
  operations,
});

const longestRunsMs = new Map(operations.map((operation) => [operation.name, longestRunMs(operation)]));

export const handler = middy((_event: unknown, context: Context) => {
  const remainingMs = context.getRemainingTimeInMillis();
  const deployed = deployedNames;
  const sweeper = { lease, findings, jobs, executions, recorder, workspace, deployed, longestRunsMs };
  return reconcile({ remainingMs, ...sweeper });
})
  .use(observe())
  .use(writeMetrics());
