/** Lists and reads results and logs as MCP resources, in ranges, so that a model reads only what it needs. */
import type { ReadResourceResult, Resource } from '@modelcontextprotocol/server';
import type { OperationDefinition } from '../../definition/operation-definition.ts';
import { isTerminal, type Job, JobStatus } from '../../jobs/job.ts';
import type { JobStore } from '../../jobs/job-store.ts';
import { jobsCursor } from '../../jobs/jobs-cursor.ts';
import { cutText } from '../../shared/cut-text.ts';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import type { RateLimiter } from '../../shared/rate-limiter.ts';
import { filePiece, type Piece, sizeOf, textPiece } from '../../workspace/logs/pieces.ts';
import { readFrom, readTail } from '../../workspace/logs/read-range.ts';
import { findLogs, logPieces } from '../../workspace/logs/step-logs.ts';
import type { WorkspaceLinks } from '../../workspace/workspace-links.ts';
import { type JobUri, MAX_READ_BYTES, parseJobUri, type ResourceRange } from './job-uri.ts';

const PAGE = 50;

export interface JobResourcesOptions {
  readonly jobs: JobStore;
  readonly operations: readonly OperationDefinition[];
  readonly pollRateLimiter: RateLimiter;
  readonly workspace: WorkspaceLinks;
}

export class JobResources {
  readonly #jobs: JobStore;
  readonly #operations: readonly OperationDefinition[];
  readonly #pollRateLimiter: RateLimiter;
  readonly #workspace: WorkspaceLinks;

  constructor({ jobs, operations, pollRateLimiter, workspace }: JobResourcesOptions) {
    this.#jobs = jobs;
    this.#operations = operations;
    this.#pollRateLimiter = pollRateLimiter;
    this.#workspace = workspace;
  }

  /** Lists the resources of the owner's ended jobs, newest first. @throws AppError INVALID_CURSOR */
  async list(owner: string, cursor?: string): Promise<{ resources: Resource[]; nextCursor?: string }> {
    const after = cursor === undefined ? undefined : jobsCursor.decode(cursor);
    const { jobs, next } = await this.#jobs.list(owner, { limit: PAGE, after });
    const resources = jobs.flatMap(({ jobId, operation, status, endedAt }) => {
      const label = `${operation}, ${status} ${endedAt}`;
      const log = { uri: `job://${jobId}/log`, name: `Log of ${label}`, mimeType: 'text/plain' };
      const result = {
        uri: `job://${jobId}/result`,
        name: `Result of ${label}`,
        mimeType: 'application/json',
      };
      if (status === JobStatus.completed) return [result, log];
      return status === JobStatus.failed ? [log] : [];
    });
    return { resources, ...(next && { nextCursor: jobsCursor.encode(next) }) };
  }

  /** @throws AppError RESOURCE_NOT_FOUND, RANGE_INVALID, INVALID_ARGUMENTS, RESOURCE_EXHAUSTED */
  async read(owner: string, uri: string): Promise<ReadResourceResult> {
    const address = parseJobUri(uri);
    if (!address) throw notFound(uri);
    this.#pollRateLimiter.check(owner, address.jobId);
    const job = await this.#jobs.get(owner, address.jobId);
    const pieces = job && (await this.#piecesOf(job, address));
    if (!pieces) throw notFound(uri);
    const isGrowing = address.part === 'log' && !isTerminal(job.status);
    const { text, end, isCutBefore } = await readRange(pieces, address.range, isGrowing);
    const mimeType = address.part === 'result' ? 'application/json' : 'text/plain';
    const size = sizeOf(pieces);
    const [from = ''] = uri.split('?');
    const note = (at: string, message: string) => [{ uri: at, mimeType: 'text/plain', text: message }];
    const more = `${from}?offset=${end}`;
    return {
      contents: [
        { uri, mimeType, text },
        ...(end < size ? note(more, `There is more, up to byte ${size}. Read ${more}.`) : []),
        ...(end === size && isGrowing ? note(more, `The log grows. Read ${more} in 10 s.`) : []),
        ...(isCutBefore ? note(from, `The tail has earlier lines. Read ${from} from its start.`) : []),
      ],
    };
  }

  /** @returns undefined when the resource does not exist, or not yet */
  async #piecesOf(job: Job, { part, step }: JobUri): Promise<readonly Piece[] | undefined> {
    if (part === 'result') {
      if (job.status !== JobStatus.completed) return undefined;
      return job.resultObject
        ? [filePiece(this.#workspace, job.resultObject)]
        : [textPiece(JSON.stringify(job.result ?? null))];
    }
    const operation = this.#operations.find(({ name }) => name === job.operation);
    const [logs] = await Promise.all([findLogs(job, operation, this.#workspace), this.#jobs.watch(job)]);
    const pieces = logPieces(logs, this.#workspace, step);
    return pieces.length > 0 ? pieces : undefined;
  }
}

/**
 * @param isGrowing whether the text may become longer than the offset
 * @returns the text, the offset of the byte after it, and whether requested lines are missing before it
 * @throws AppError RANGE_INVALID
 */
async function readRange(
  pieces: readonly Piece[],
  range: ResourceRange,
  isGrowing: boolean,
): Promise<{ readonly text: string; readonly end: number; readonly isCutBefore?: boolean }> {
  const size = sizeOf(pieces);
  if ('tail' in range) return readTail(pieces, range.tail, MAX_READ_BYTES);
  const { offset, length } = range;
  if (isGrowing && offset === size) return { text: '', end: size };
  if (offset > 0 && offset >= size) {
    throw new AppError(
      ErrorCode.rangeInvalid,
      `uri: offset ${offset} is past the end. Use an offset below ${size}.`,
      {
        details: { size },
      },
    );
  }
  return readFrom(pieces, offset, length);
}

function notFound(uri: string): AppError {
  return new AppError(
    ErrorCode.resourceNotFound,
    `No resource "${cutText(uri, 200)}": the job is unknown, has not ended, or has no such result or log. Call check_job.`,
  );
}
