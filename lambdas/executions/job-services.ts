/** Builds what the MCP endpoint and the management API share: the adapters with which they start, read, retry and cancel jobs. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { OperationDefinition } from '../definition/operation-definition.ts';
import { JobStore } from '../jobs/job-store.ts';
import type { JobLimits } from '../jobs/limits.ts';
import { PollIntervals } from '../jobs/poll-intervals.ts';
import { OwnerSlots } from '../shared/aws/owner-slots.ts';
import { Env, requiredEnv } from '../shared/env.ts';
import { excludeTime } from '../shared/observability/request-metrics.ts';
import { createPollRateLimiter } from '../shared/rate-limiter.ts';
import { WorkspaceLinks } from '../workspace/workspace-links.ts';
import { ExecutionHistory } from './execution-history.ts';
import { ExecutionProgress } from './execution-progress.ts';
import { Executions } from './executions.ts';
import { ExecutionQueue } from './queue/execution-queue.ts';

/** Call it once per cold start. @throws Error when a grant is missing that sets an environment variable */
export function jobServices(operations: readonly OperationDefinition[]) {
  const client = new DynamoDBClient();
  const sqs = new SQSClient();
  const limits: JobLimits = JSON.parse(requiredEnv(Env.jobLimits));
  const jobs = new JobStore({ client, tableName: requiredEnv(Env.jobsTableName) });
  const history = new ExecutionHistory();
  const slots = {
    client,
    tableName: requiredEnv(Env.slotsTableName),
    limit: limits.waitingCalls,
    onRelease: excludeTime,
  };
  return {
    client,
    sqs,
    limits,
    operations,
    jobs,
    history,
    executions: new Executions(new SFNClient(), operations),
    executionQueue: new ExecutionQueue(sqs, requiredEnv(Env.executionQueueUrl)),
    executionProgress: new ExecutionProgress({ jobs, history, operations }),
    pollRateLimiter: createPollRateLimiter(limits.checksPerSecond),
    polls: new PollIntervals(),
    waits: new OwnerSlots({ ...slots, purpose: 'waiting_calls' }),
    synchronousCalls: new OwnerSlots({ ...slots, purpose: 'synchronous_calls' }),
    workspace: new WorkspaceLinks(requiredEnv(Env.workspaceBucketName)),
  };
}
