/** Handles `/jobs/{job_id}/log`: reads the log of a job in pages, while it grows too. */
import * as z from 'zod';
import { stepNames } from '../definition/operation-definition.ts';
import { isJobId, isTerminal, type Job, JobStatus } from '../jobs/job.ts';
import { jobNotFound } from '../jobs/job-errors.ts';
import { Cursor } from '../shared/cursor.ts';
import { AppError, ErrorCode } from '../shared/errors.ts';
import { type LogPosition, readLogPage, readLogTail } from '../workspace/logs/log-page.ts';
import { areLogsRecorded, findLogs } from '../workspace/logs/step-logs.ts';
import type { ApiDependencies, RouteHandler } from './dependencies.ts';

/** As JSON it has at most three times as many, half of what a function may return. */
const MAX_PAGE_BYTES = 256 * 1024;
/** A running step writes its log every eight seconds: a reader sees a line at most two seconds later. */
const RUNNING_POLL_MS = 2_000;
/** Ten seconds: a step that is cancelled or crashes may write a part of its log after the job has ended. */
const LAST_WRITE_MS = 10_000;
const FIRST: LogPosition = { step: '', offset: 0 };

const tailExpected = `must be a number of bytes from 1 to ${MAX_PAGE_BYTES}`;

export const logQuery = z.strictObject({
  after: z.string().optional(),
  step: z.string().max(64).optional(),
  tail: z
    .string()
    .regex(/^[1-9]\d{0,5}$/, tailExpected)
    .transform(Number)
    .pipe(z.int().min(1).max(MAX_PAGE_BYTES, tailExpected))
    .optional(),
});

export function jobLogRoutes({
  operations,
  jobs,
  pollRateLimiter,
  polls,
  workspace,
}: Pick<ApiDependencies, 'operations' | 'jobs' | 'pollRateLimiter' | 'polls' | 'workspace'>) {
  return {
    'GET /jobs/{job_id}/log': async (request) => {
      const { after, step, tail } = request.query(logQuery);
      if (after !== undefined && tail !== undefined) {
        throw new AppError(
          ErrorCode.invalidArguments,
          'after and tail exclude each other. Give one of them.',
        );
      }
      const { owner } = request;
      const jobId = request.param('job_id');
      // Apart from the polls of the job: a client follows both.
      pollRateLimiter.check(owner, jobId, 'log');
      const job = isJobId(jobId) ? await jobs.get(owner, jobId) : undefined;
      if (!job) throw jobNotFound();
      const operation = operations.find(({ name }) => name === job.operation);
      const known = stepNames(operation);
      // A deploy may have removed steps, or the operation.
      const removed = Object.keys(job.logs ?? {}).filter((name) => !known.includes(name));
      const steps = [...removed, ...known];
      if (step !== undefined && !steps.includes(step)) {
        throw new AppError(
          ErrorCode.invalidArguments,
          `step: the job has no step "${step}". Choose one of: ${steps.join(', ')}.`,
        );
      }
      const cursor = positionCursor(steps);
      const from = after === undefined ? FIRST : cursor.decode(after);
      const [logs] = await Promise.all([findLogs(job, operation, workspace), jobs.watch(job)]);
      const chosen = step === undefined ? logs : logs.filter((log) => log.step === step);
      const options = { workspace, steps, maxBytes: MAX_PAGE_BYTES, hasHeadings: step === undefined };
      const page =
        tail === undefined
          ? await readLogPage(chosen, from, options)
          : await readLogTail(chosen, tail, options);
      const isComplete = page.isEnd && growsNoMore(job);
      return {
        status: 200,
        body: {
          text: page.text,
          next_after: cursor.encode(page.next),
          complete: isComplete,
          ...(page.isEnd && !isComplete && { poll_after_ms: pollAfterMs(job) }),
        },
      };
    },
  } satisfies Record<string, RouteHandler>;

  function pollAfterMs(job: Job): number {
    const isActive = job.status === JobStatus.running || isTerminal(job.status);
    return isActive ? RUNNING_POLL_MS : (polls.next(job) ?? RUNNING_POLL_MS);
  }
}

/** A cursor of another job, or a step that the operation no longer has, is invalid. */
function positionCursor(steps: readonly string[]): Cursor<LogPosition> {
  return new Cursor(
    z.strictObject({ step: z.enum(['', ...steps]), offset: z.int().min(0) }),
    'after: this log did not return it. Pass next_after unchanged, or leave it out to start at the beginning.',
  );
}

function growsNoMore(job: Job): boolean {
  if (!isTerminal(job.status)) return false;
  return areLogsRecorded(job) || Date.now() - Date.parse(job.endedAt ?? '') > LAST_WRITE_MS;
}
