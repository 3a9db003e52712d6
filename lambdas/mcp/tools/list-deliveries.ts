/** `list_deliveries`: who was told of a job, and whether it arrived. */
import * as z from 'zod';
import { isJobId } from '../../jobs/job.ts';
import { Scope } from '../../shared/caller.ts';
import { type Delivery, DeliveryStatus, deliveryId } from '../../webhooks/deliveries/delivery.ts';
import { jobIdArgument } from '../job-result.ts';
import { defineTool, type Tool } from '../tool.ts';
import type { ToolDependencies } from './dependencies.ts';

/** The latest: what became of the end of a job is what is asked for. The management API pages through all. */
const MAX_DELIVERIES = 100;

export function listDeliveriesTool({ deliveries }: Pick<ToolDependencies, 'deliveries'>): Tool {
  return defineTool({
    name: 'list_deliveries',
    title: 'List deliveries',
    description:
      'Lists what was sent to callback_url and to registered endpoints about a job, the latest first, with every attempt.',
    scope: Scope.jobsRead,
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    input: z.strictObject({ job_id: jobIdArgument }),
    output: z.object({
      deliveries: z.array(
        z.looseObject({
          delivery_id: z.string(),
          endpoint_id: z.string(),
          event: z.string(),
          status: z.enum(DeliveryStatus),
          attempts: z.array(z.looseObject({ at: z.string() })),
          next_attempt_at: z.string().optional(),
        }),
      ),
      has_more: z.boolean().describe('There were earlier ones, which are not shown.'),
    }),
    async call({ job_id: jobId }, { owner }) {
      const page = isJobId(jobId)
        ? await deliveries.listOfJob(owner, jobId, { limit: MAX_DELIVERIES, newestFirst: true })
        : { deliveries: [], next: undefined };
      return {
        structured: { deliveries: page.deliveries.map(view), has_more: page.next !== undefined },
        text: [
          page.deliveries.map(describe).join('\n') || 'Nobody was told of this job, or there is no such job.',
          ...(page.next ? ['There were more before these.'] : []),
        ].join('\n'),
      };
    },
  });
}

/** Without the receivers' answers: what a stranger's server says is no business of a model. */
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
