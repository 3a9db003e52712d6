/** Records a client's response to `elicitation/create`. It comes with a request of its own, which any instance may receive. */
import type { Job } from '../../jobs/job.ts';
import { type Caller, requireScopes, Scope } from '../../shared/caller.ts';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { validationMessage } from '../../shared/validation-message.ts';
import { readElicitationResult } from '../elicitation-result.ts';
import { errorResponse } from '../event-stream.ts';
import { toMethodError } from '../method-error.ts';
import type { TaskJobs } from './task-jobs.ts';

const PREFIX = 'elicitation';
const ID = new RegExp(`^${PREFIX}/([0-9a-f-]{36})/(.+)$`, 's');

/** Returns the id of the request that asks a job's question. */
export function elicitationId({ jobId }: Pick<Job, 'jobId'>, key: string): string {
  return `${PREFIX}/${jobId}/${key}`;
}

interface ElicitationAnswer {
  readonly jobId: string;
  readonly key: string;
  /** Undefined when the client failed to ask: the question stays open. */
  readonly result: unknown;
}

/** @returns undefined for a message that does not respond to an elicitation of this server */
export function readElicitationAnswer(body: unknown): ElicitationAnswer | undefined {
  const { id, method, result } = Object(body);
  const [, jobId, key] = (typeof id === 'string' && method === undefined && ID.exec(id)) || [];
  return jobId !== undefined && key !== undefined ? { jobId, key, result } : undefined;
}

/** Returns 202, or 400 for an answer that cannot be recorded. Ignores one to a question that is answered. */
export async function recordElicitationAnswer(
  tasks: Pick<TaskJobs, 'answer'>,
  { jobId, key, result }: ElicitationAnswer,
  caller: Caller,
): Promise<Response> {
  if (result === undefined) return new Response(null, { status: 202 });
  try {
    requireScopes(caller, [Scope.jobsWrite]);
    const { success, data, error } = readElicitationResult(result);
    if (!success) {
      throw new AppError(
        ErrorCode.invalidArguments,
        `result: ${validationMessage(error)} Send action; to accept, also send content.`,
      );
    }
    await tasks.answer(caller.owner, jobId, (open) => (open.includes(key) ? { [key]: data } : {}));
    return new Response(null, { status: 202 });
  } catch (error) {
    return errorResponse(null, toMethodError('elicitation/create', error), 400);
  }
}
