/** Defines `list_deliveries`: lists a job's webhook deliveries and their outcomes. */
import * as z from 'zod';
import { isJobId } from '../../jobs/job.ts';
import { Scope } from '../../shared/caller.ts';
import { type Delivery, deliveryId } from '../../webhooks/deliveries/delivery.ts';
import { jobIdArgument } from '../job-result.ts';
import { defineTool, type Tool } from '../tool.ts';
import type { ToolDependencies } from './dependencies.ts';

/** The newest ones: callers ask about the end of a job. The management API pages through all deliveries. */
const MAX_DELIVERIES = 100;

export function listDeliveriesTool({ deliveries }: Pick<ToolDependencies, 'deliveries'>): Tool {
  return defineTool({
    name: 'list_deliveries',
    title: 'List deliveries',
    description: "Lists a job's webhook deliveries with their attempts, newest first.",
    scope: Scope.jobsRead,
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    input: z.strictObject({ job_id: jobIdArgument }),
    async call({ job_id: jobId }, { owner }) {
      const page = isJobId(jobId)
        ? await deliveries.listOfJob(owner, jobId, { limit: MAX_DELIVERIES, newestFirst: true })
        : { deliveries: [], next: undefined };
      return {
        structured: { deliveries: page.deliveries.map(view), has_more: page.next !== undefined },
        text: [
          page.deliveries.map(describe).join('\n') || 'No deliveries, or no such job.',
          ...(page.next ? ['Older deliveries are not listed.'] : []),
        ].join('\n'),
        ...(page.deliveries.length === 0 && { next: 'Call list_jobs to find your jobs.' }),
      };
    },
  });
}

/** Omits the response bodies: a model must not read text that a receiver controls. */
function view(delivery: Delivery) {
  const { endpointId, type, status, attempts, nextAttemptAt } = delivery;
  return {
    delivery_id: deliveryId(delivery),
    endpoint_id: endpointId,
    event: type,
    status,
    attempts: attempts.map(({ at, latencyMs, status: http_status, error }) => ({
      at,
      latency_ms: latencyMs,
      ...(http_status !== undefined && { http_status }),
      ...(error !== undefined && { error }),
    })),
    ...(nextAttemptAt && { next_attempt_at: nextAttemptAt }),
  };
}

function describe({ endpointId, type, status, attempts, nextAttemptAt }: Delivery): string {
  const last = attempts.at(-1);
  const outcome = last ? ` (last attempt: ${last.status ?? last.error})` : '';
  return `${type} to ${endpointId}: ${status}${outcome}${nextAttemptAt ? `, next attempt ${nextAttemptAt}` : ''}`;
}
