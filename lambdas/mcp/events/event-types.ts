/** Lists the seven events of a job, and reads which of them a client requests: of all jobs, or of some. */
import * as z from 'zod';
import type { OperationDefinition } from '../../definition/operation-definition.ts';
import { type EventType, eventTypes } from '../../events/event.ts';
import { isJobId } from '../../jobs/job.ts';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { validationMessage } from '../../shared/validation-message.ts';
import { isEventType } from '../../webhooks/endpoints/endpoint.ts';
import { inputRequestsOutput, jobOutput } from '../job-result.ts';
import { eventNotFound } from './errors.ts';
import type { Topic } from './topic.ts';

const DESCRIPTIONS: Readonly<Record<EventType, string>> = {
  'job.created': 'A job was accepted; it may not run yet.',
  'job.started': 'A job started to run.',
  'job.progress': "A job's progress, step or message changed. At most once a second per job.",
  'job.input_required': 'A job waits for an answer.',
  'job.completed': 'A job completed. The payload has its result, or the location of a large one.',
  'job.failed': 'A job failed. The payload has its error and the last lines of its log.',
  'job.cancelled': 'A job was cancelled before it ended.',
};

/** The job at the time of the event: all that `check_job` returns with details, but no files. */
const payload = jobOutput.extend({
  operation: z.string(),
  step: z.string().optional(),
  message: z.string().optional(),
  poll_after_ms: z.number().optional(),
  expires_at: z.string().describe('When the record is deleted.'),
  created_at: z.string(),
  started_at: z.string().optional(),
  updated_at: z.string(),
  ended_at: z.string().optional(),
  input_requests: inputRequestsOutput,
  log_tail: z.array(z.string()).optional().describe('Last lines of the log; only for failed jobs.'),
});

/** How clients receive an event of any type. */
const DELIVERY_MODES = ['webhook', 'push', 'poll'] as const;

export interface EventTypes {
  /** Returns the entries of `events/list`. */
  list(): readonly Readonly<Record<string, unknown>>[];
  /**
   * Returns the topic that a client requests.
   * @throws ProtocolError for an unknown event, AppError INVALID_ARGUMENTS for invalid arguments
   */
  read(name: string, args: unknown): Topic;
}

export function createEventTypes(operations: readonly OperationDefinition[]): EventTypes {
  const input = z.strictObject({
    job_id: z
      .string()
      .refine(isJobId, 'must be a job_id that a start tool returned')
      .optional()
      .describe('Only this job. After you subscribe, check it once: it may have ended already.'),
    operation: z
      .enum(operations.map(({ name }) => name))
      .optional()
      .describe('Only jobs of this operation.'),
  });
  let listing: readonly Readonly<Record<string, unknown>>[] | undefined;
  return {
    list() {
      // Built on first use: most requests do not list events.
      listing ??= eventTypes.map((name) => ({
        name,
        description: DESCRIPTIONS[name],
        delivery: DELIVERY_MODES,
        inputSchema: jsonSchema(input, 'input'),
        payloadSchema: jsonSchema(payload, 'output'),
      }));
      return listing;
    },
    read(name, args) {
      if (!isEventType(name)) throw eventNotFound(name, eventTypes);
      const { success, data, error } = input.safeParse(args ?? {});
      if (!success) {
        throw new AppError(ErrorCode.invalidArguments, `arguments: ${validationMessage(error)}`);
      }
      return { name, operation: data.operation, jobId: data.job_id };
    },
  };
}

/** Returns JSON Schema without `$schema`: MCP then assumes 2020-12. */
function jsonSchema(schema: z.ZodType, io: 'input' | 'output') {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-2020-12' });
  return rest;
}
