/** The events that clients can ask for: the seven of a job, each of all jobs or of some. */
import * as z from 'zod';
import type { OperationDefinition } from '../../definition/operation-definition.ts';
import { type EventType, eventTypes } from '../../events/event.ts';
import { isJobId } from '../../jobs/job.ts';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { isEventType } from '../../webhooks/endpoints/endpoint.ts';
import { inputRequestsOutput, jobOutput } from '../job-result.ts';
import { eventNotFound } from './errors.ts';
import type { Topic } from './topic.ts';

const DESCRIPTIONS: Readonly<Record<EventType, string>> = {
  'job.created': 'A job was accepted; it may not have begun yet.',
  'job.started': 'A job began to run.',
  'job.progress': 'A job got on: its progress, step or message changed. Once a second a job at most.',
  'job.input_required': 'A job waits for an answer before it can go on.',
  'job.completed': 'A job ended well: the payload has its result, or says where a large one is.',
  'job.failed': 'A job failed: the payload has its error and the last lines of its log.',
  'job.cancelled': 'A job was cancelled before it had ended.',
};

/** The job as it was when the event happened: what `check_job` answers, and the times that it leaves open. */
const payload = jobOutput.required({ operation: true, expires_at: true }).extend({
  created_at: z.string(),
  started_at: z.string().optional(),
  updated_at: z.string(),
  ended_at: z.string().optional(),
  input_requests: inputRequestsOutput,
  log_tail: z.array(z.string()).optional().describe('The last lines of the log; of failed jobs only.'),
});

export interface EventTypes {
  /** What `events/list` shows. */
  list(): readonly Readonly<Record<string, unknown>>[];
  /**
   * Reads what a client asks for.
   * @throws ProtocolError for an unknown event, AppError INVALID_ARGUMENTS for arguments that it does not take.
   */
  read(name: string, args: unknown): Topic;
}

export function createEventTypes(operations: readonly OperationDefinition[]): EventTypes {
  const input = z.strictObject({
    job_id: z
      .string()
      .refine(isJobId, 'must be a job_id that a start tool answered with')
      .optional()
      .describe('Only this job. Subscribe, then check it once: it may have ended before.'),
    operation: z
      .enum(operations.map(({ name }) => name))
      .optional()
      .describe('Only jobs of this operation.'),
  });
  let listing: readonly Readonly<Record<string, unknown>>[] | undefined;
  return {
    list() {
      // Made when first asked for: most requests never do.
      listing ??= eventTypes.map((name) => ({
        name,
        description: DESCRIPTIONS[name],
        delivery: ['webhook', 'poll'],
        inputSchema: jsonSchema(input, 'input'),
        payloadSchema: jsonSchema(payload, 'output'),
      }));
      return listing;
    },
    read(name, args) {
      if (!isEventType(name)) throw eventNotFound(name, eventTypes);
      const { success, data, error } = input.safeParse(args ?? {});
      if (!success) {
        const issues = error.issues.map(({ path, message }) => [...path, message].join(': '));
        throw new AppError(ErrorCode.invalidArguments, `arguments: ${issues.join('; ')}.`);
      }
      return { name, operation: data.operation, jobId: data.job_id };
    },
  };
}

/** Without its `$schema`: 2020-12 is what MCP takes a schema without one for. */
function jsonSchema(schema: z.ZodType, io: 'input' | 'output') {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-2020-12' });
  return rest;
}
