/**
 * Exports the package's entry `./jobs`: starts, reads and cancels jobs from a function of the app.
 * @module jobs
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import type { OperationDefinition } from '../definition/operation-definition.ts';
import { isJobId, type Job } from '../jobs/job.ts';
import { JobStore } from '../jobs/job-store.ts';
import type { JobLimits } from '../jobs/limits.ts';
import { Env, requiredEnv } from '../shared/env.ts';
import { AppError, ErrorCode } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import { validationMessage } from '../shared/validation-message.ts';
import { cancelJob } from './cancel.ts';
import { Executions } from './executions.ts';
import { ExecutionQueue } from './queue/execution-queue.ts';
import { submitJob } from './submit.ts';

export { type Job, type JobError, JobStatus } from '../jobs/job.ts';
export { AppError, ErrorCode } from '../shared/errors.ts';
export type { Json } from '../shared/json.ts';

/** A job to start. */
export interface JobStart {
  /** Name of the operation, such as `thumbnail`. */
  readonly operation: string;
  /**
   * Owner of the job. Only MCP clients with the same owner see the job: the ARN of an IAM principal, or `<issuer>#<sub>` of an
   * access token.
   */
  readonly owner: string;
  /** Arguments of the operation, without those that every start tool adds. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Repeat a start with the same key and input to get the same job, not a second one. 1 to 255 characters. @default none */
  readonly idempotencyKey?: string;
}

/** Starts, reads and cancels jobs of any owner. Check first that your caller may act for the owner. */
export interface JobClient {
  /**
   * Validates the input and starts a job. It does not check the objects that `requires` of the definition names.
   * @returns the job, `pending`; with a repeated key, the job of the first start
   * @throws AppError INVALID_ARGUMENTS, INPUT_TOO_LARGE, RESOURCE_EXHAUSTED, IDEMPOTENCY_KEY_REUSED or START_FAILED
   * @throws Error when there is no such operation, it is retired, or its mode is `sync`
   */
  start(job: JobStart): Promise<Job>;
  /** @returns the job; undefined when it does not exist, has expired or has another owner */
  get(owner: string, jobId: string): Promise<Job | undefined>;
  /**
   * Cancels a job and stops its execution.
   * @throws AppError JOB_NOT_FOUND, or JOB_ALREADY_ENDED
   */
  cancel(owner: string, jobId: string): Promise<Job>;
}

const MAX_KEY_CHARACTERS = 255;

const jobKey = z.object({
  owner: z.string().min(1),
  idempotencyKey: z.string().min(1).max(MAX_KEY_CHARACTERS).optional(),
});

/**
 * Creates a client for the jobs of the app, in a function that `AsyncOperations.grantStart` permits. Create it once per cold
 * start.
 * @param operations the catalogue of the app
 * @throws Error when the function lacks the environment variables of `grantStart`
 * @example
 * ```ts
 * import { jobClient } from 'mcp-async-operations/jobs';
 * import { operations } from '../operations/index.ts';
 *
 * const jobs = jobClient(operations);
 *
 * export async function handler({ owner, url }: { owner: string; url: string }) {
 *   const { jobId } = await jobs.start({ operation: 'thumbnail', owner, input: { url } });
 *   return { jobId };
 * }
 * ```
 */
export function jobClient(operations: readonly OperationDefinition[]): JobClient {
  const limits: JobLimits = JSON.parse(requiredEnv(Env.jobLimits));
  const jobs = new JobStore({ client: new DynamoDBClient(), tableName: requiredEnv(Env.jobsTableName) });
  const executions = new Executions(new SFNClient(), operations);
  const executionQueue = new ExecutionQueue(new SQSClient(), requiredEnv(Env.executionQueueUrl));
  return {
    async start({ operation: name, owner, input, idempotencyKey }) {
      const operation = operationNamed(operations, name);
      const key = parse(jobKey, { owner, idempotencyKey });
      // Like the arguments of a start tool: unknown names are mistakes.
      const valid = parse(z.strictObject(operation.input.shape), input) as Json;
      // The app's function may not read endpoints.
      const dependencies = { jobs, executions, executionQueue, limits, notifications: undefined };
      return submitJob(dependencies, { ...key, operation, input: valid });
    },
    get: async (owner, jobId) => (isJobId(jobId) ? jobs.get(owner, jobId) : undefined),
    cancel: (owner, jobId) => cancelJob({ jobs, executions, executionQueue }, owner, jobId),
  };
}

/** @throws Error with the names that exist */
function operationNamed(operations: readonly OperationDefinition[], name: string): OperationDefinition {
  const operation = operations.find((candidate) => candidate.name === name);
  if (!operation) {
    const names = operations.map((candidate) => candidate.name).join(', ');
    throw new Error(`There is no operation "${name}". Choose one of: ${names || 'none'}.`);
  }
  if (operation.retired) {
    throw new Error(`Operation "${name}" is retired and starts no jobs. Start another operation.`);
  }
  if (operation.execution.mode === 'sync') {
    throw new Error(
      `Operation "${name}" has mode sync and no jobs. Use mode job or sync_first in its definition.`,
    );
  }
  return operation;
}

/** @throws AppError INVALID_ARGUMENTS */
function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  throw new AppError(ErrorCode.invalidArguments, validationMessage(error));
}
