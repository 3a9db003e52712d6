/** Defines `read_log`: reads the log of a job in bounded parts, its last lines first. It works while the job runs. */
import * as z from 'zod';
import { stepNames } from '../../definition/operation-definition.ts';
import { isTerminal, type Job } from '../../jobs/job.ts';
import { Scope } from '../../shared/caller.ts';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { type Piece, sizeOf, textPiece } from '../../workspace/logs/pieces.ts';
import { readFrom, readTail, type TextPart } from '../../workspace/logs/read-range.ts';
import { findLogs, logPieces } from '../../workspace/logs/step-logs.ts';
import { jobIdArgument } from '../job-result.ts';
import { defineTool, type Tool } from '../tool.ts';
import type { ToolDependencies } from './dependencies.ts';
import { findJob } from './find-job.ts';

/** Some 5,000 tokens: what a model can read at once. */
const MAX_READ_BYTES = 16 * 1024;
const MAX_TAIL_LINES = 1_000;
const DEFAULT_TAIL_LINES = 100;

/** A line shows at most so many seconds after it is printed. */
const GROWTH_SECONDS = 10;

type Dependencies = Pick<ToolDependencies, 'jobs' | 'operations' | 'pollRateLimiter' | 'workspace'>;

export function readLogTool({ jobs, operations, pollRateLimiter, workspace }: Dependencies): Tool {
  return defineTool({
    name: 'read_log',
    title: 'Read log',
    description: `Reads the log of a job, while it runs too: the last ${DEFAULT_TAIL_LINES} lines, or from a byte.`,
    scope: Scope.jobsRead,
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    input: z.strictObject({
      job_id: jobIdArgument,
      step: z.string().max(64).optional(),
      tail: z.int().min(1).max(MAX_TAIL_LINES).optional(),
      after: z.int().min(0).optional(),
    }),
    listed: z.strictObject({
      job_id: jobIdArgument,
      step: z.string().optional(),
      tail: z.int().optional().describe('Lines.'),
      after: z.int().optional().describe('Byte, 0 for the start.'),
    }),
    async call({ job_id: jobId, step, tail, after }, { owner }) {
      if (tail !== undefined && after !== undefined) {
        throw new AppError(
          ErrorCode.invalidArguments,
          'tail and after exclude each other. Give one of them.',
        );
      }
      const job = await findJob({ jobs, pollRateLimiter }, owner, jobId);
      const operation = operations.find(({ name }) => name === job.operation);
      const steps = stepNames(operation);
      if (step !== undefined && steps.length > 0 && !steps.includes(step)) {
        throw new AppError(
          ErrorCode.invalidArguments,
          `step: ${job.operation} has no step "${step}". Choose one of: ${steps.join(', ')}.`,
        );
      }
      const [logs] = await Promise.all([findLogs(job, operation, workspace), jobs.watch(job)]);
      const pieces = logPieces(logs, workspace, step);
      const part = await readPart(pieces.length > 0 ? pieces : lastLines(job, step), { tail, after });
      return {
        structured: {
          job_id: job.jobId,
          status: job.status,
          steps: logs.map((log) => log.step),
          text: part.text,
          start: part.start,
          end: part.end,
          size: part.size,
        },
        text: part.text.replace(/\n$/, ''),
        next: nextCall(job, part),
      };
    },
  });
}

/** The record has the last lines of a step whose log could not be stored. */
function lastLines({ logTail = [], step: last }: Job, step = last): readonly Piece[] {
  return logTail.length > 0 && step === last ? [textPiece(`${logTail.join('\n')}\n`)] : [];
}

async function readPart(
  pieces: readonly Piece[],
  { tail = DEFAULT_TAIL_LINES, after }: { readonly tail?: number; readonly after?: number },
): Promise<TextPart & { readonly size: number }> {
  const size = sizeOf(pieces);
  if (size === 0) return { text: '', start: 0, end: 0, size };
  if (after === undefined) return { ...(await readTail(pieces, tail, MAX_READ_BYTES)), size };
  return { ...(await readFrom(pieces, Math.min(after, size), MAX_READ_BYTES)), size };
}

function nextCall({ status }: Job, { start, end, size }: TextPart & { readonly size: number }): string {
  if (end < size) return `Read on to byte ${size}: call read_log with after ${end}.`;
  if (!isTerminal(status)) {
    return `The job is ${status}: for newer lines, call read_log with after ${end} in ${GROWTH_SECONDS} s.`;
  }
  if (size === 0) return 'The job printed nothing.';
  return start > 0 ? 'This is the end. For the start, call read_log with after 0.' : 'This is the whole log.';
}
