/** Validates which of an endpoint's deliveries a list or a replay selects. */
import * as z from 'zod';
import { eventTypes } from '../events/event.ts';
import { isJobId } from '../jobs/job.ts';
import { AppError, ErrorCode } from '../shared/errors.ts';
import { DeliveryStatus, TEST_EVENT } from '../webhooks/deliveries/delivery.ts';
import type { DeliveryFilter } from '../webhooks/deliveries/delivery-filter.ts';

const status = z.enum(DeliveryStatus).optional();
const type = z.enum([...eventTypes, TEST_EVENT]).optional();
const jobId = z.string().refine(isJobId, 'must be a job_id').optional();
const operation = z.string().min(1).max(100).optional();
const time = z.iso.datetime({ offset: true }).optional();

/** Properties of a query or a body. */
export const deliverySelection = { status, event: type, job_id: jobId, operation, since: time, until: time };

/** The filter inside a cursor. */
export const deliveryFilter: z.ZodType<DeliveryFilter> = z.strictObject({ status, type, jobId, operation });

type Selection = z.output<z.ZodObject<typeof deliverySelection>>;

/** @returns undefined when nothing is filtered */
export function readFilter({ status, event, job_id, operation }: Selection): DeliveryFilter | undefined {
  const filter = {
    ...(status && { status }),
    ...(event && { type: event }),
    ...(job_id && { jobId: job_id }),
    ...(operation && { operation }),
  };
  return Object.keys(filter).length > 0 ? filter : undefined;
}

/**
 * @returns times with milliseconds in UTC, as records have them; a future end is dropped
 * @throws AppError INVALID_ARGUMENTS
 */
export function readTimes({ since, until }: Pick<Selection, 'since' | 'until'>) {
  const [sinceMs, untilMs] = [Date.parse(since ?? ''), Date.parse(until ?? '')];
  if (sinceMs > Date.now()) {
    throw new AppError(ErrorCode.invalidArguments, `since: ${since} is in the future. Send a past time.`);
  }
  if (sinceMs > untilMs) {
    throw new AppError(
      ErrorCode.invalidArguments,
      `until: ${until} is before since (${since}). Send a later time.`,
    );
  }
  return {
    ...(since !== undefined && { since: new Date(sinceMs).toISOString() }),
    ...(untilMs <= Date.now() && { until: new Date(untilMs).toISOString() }),
  };
}
