/** Reads the last lines of a job that runs: its record has them only when a step has ended. */
import type { OperationDefinition } from '../../definition/operation-definition.ts';
import { TAIL_LINE_CHARACTERS, TAIL_LINES } from '../../jobs/bound-record.ts';
import { isTerminal, type Job } from '../../jobs/job.ts';
import { cutText } from '../../shared/cut-text.ts';
import type { WorkspaceLinks } from '../workspace-links.ts';
import { readTail } from './read-range.ts';
import { findLogs, logPieces } from './step-logs.ts';

/** UTF-8 bytes, at most. */
const MAX_BYTES = TAIL_LINES * TAIL_LINE_CHARACTERS * 4;

/**
 * One listing and one read of S3 for an open job that has printed, none for a job that has ended.
 * @returns the job with `logTail`, as an ended one has it
 */
export async function withLastLines(
  job: Job,
  operation: OperationDefinition | undefined,
  workspace: Pick<WorkspaceLinks, 'list' | 'read'>,
): Promise<Job> {
  if (isTerminal(job.status)) return job;
  const last = (await findLogs(job, operation, workspace)).at(-1);
  if (!last) return job;
  const { text } = await readTail(logPieces([last], workspace, last.step), TAIL_LINES, MAX_BYTES);
  const lines = text.replace(/\n$/, '').split('\n');
  return { ...job, logTail: lines.map((line) => cutText(line, TAIL_LINE_CHARACTERS)) };
}
