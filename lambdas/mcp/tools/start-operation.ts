/** `start_<operation>`: accepts the work and answers at once with a job. */
import * as z from 'zod';
import { type Job, JobStatus } from '../../jobs/job.ts';
import { DEFAULT_RETENTION_SECONDS, MAX_RETENTION_SECONDS, submitJob } from '../../jobs/submit.ts';
import { waitForEnd } from '../../jobs/wait.ts';
import type { OperationDefinition } from '../../operations/define-operation.ts';
import { requireScope, Scope } from '../../shared/caller.ts';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { acceptUrl } from '../../webhooks/accept-url.ts';
import type { AddressPolicy } from '../../webhooks/address-guard.ts';
import { DEFAULT_EVENTS } from '../../webhooks/endpoint.ts';
import { eventTypes } from '../../webhooks/event.ts';
import { answerJob, jobOutput } from '../job-answer.ts';
import { defineTool, type Tool } from '../tool.ts';
import type { ToolDependencies } from './index.ts';

export function startTool(operation: OperationDefinition, dependencies: ToolDependencies): Tool {
  const { jobs, executions, limits, workspace, addressPolicy } = dependencies;
  const maxWaitSeconds = operation.execution.maxWaitMs / 1000;
  const common = {
    wait_seconds: z
      .int()
      .min(0)
      .max(maxWaitSeconds)
      .default(0)
      .describe(`Seconds to wait for the job to end before answering, 0 to ${maxWaitSeconds}.`),
    idempotency_key: z
      .string()
      .min(1)
      .max(255)
      .optional()
      .describe('The same key with the same arguments gives the same job, however often it is called.'),
    retention_seconds: z
      .int()
      .min(60)
      .max(MAX_RETENTION_SECONDS)
      .default(DEFAULT_RETENTION_SECONDS)
      .describe('How long the job can be read after it has ended.'),
    callback_url: z
      .string()
      .optional()
      .describe(
        'An https URL that is called when the job ends or needs input, as a signed Standard Webhook.',
      ),
    callback_events: z
      .array(z.enum(eventTypes))
      .min(1)
      .optional()
      .describe('Of which events callback_url is told, when not only of those.'),
  };
  return defineTool({
    name: `start_${operation.name}`,
    title: operation.title,
    description: `${operation.description} Runs as a job: answers at once with a job_id to follow with check_job.`,
    scope: Scope.jobsWrite,
    annotations: { title: operation.title, ...operation.annotations },
    input: z.strictObject({ ...operation.input.shape, ...common }),
    output: jobOutput
      .partial({ progress: true, result: true, error: true })
      .extend({ will_callback: z.boolean().optional() }),
    async call({ wait_seconds, idempotency_key, retention_seconds, ...rest }, caller) {
      const { callback_url, callback_events, ...input } = rest;
      if (callback_url !== undefined) requireScope(caller, Scope.webhooksManage);
      const callback = readCallback(callback_url, callback_events, addressPolicy);
      for (const { key, code, message } of operation.requires?.(input) ?? []) {
        if (!(await workspace.has(key))) throw new AppError(code, message);
      }
      const job = await submitJob(
        { jobs, executions, limits },
        {
          owner: caller.owner,
          operation,
          input: input as Json,
          callback,
          idempotencyKey: idempotency_key,
          retentionSeconds: retention_seconds,
        },
      );
      const latest = await waitForEnd(jobs, job, wait_seconds * 1000);
      const answer = await answerJob(latest ?? job, operation, workspace);
      const structured = { ...answer.structured, ...(callback && { will_callback: true }) };
      if (latest && latest.status !== JobStatus.pending) return { ...answer, structured };
      const message = `${operation.title} started. Use check_job to monitor progress.`;
      return { structured: { ...structured, message }, text: `${message} job_id: ${job.jobId}` };
    },
  });
}

/** @throws AppError URL_REFUSED, or INVALID_ARGUMENTS for events that nobody is to be told of. */
function readCallback(
  url: string | undefined,
  events: readonly string[] | undefined,
  policy: AddressPolicy,
): Job['callback'] {
  if (url !== undefined)
    return { url: acceptUrl('callback_url', url, policy), events: events ?? DEFAULT_EVENTS };
  if (events === undefined) return undefined;
  throw new AppError(
    ErrorCode.invalidArguments,
    'callback_events: there is no callback_url to tell. Give one, or leave callback_events out.',
  );
}
