/** Reads a log page by page while it grows: a position stays valid when more of the log is written. */
import type { WorkspaceLinks } from '../workspace-links.ts';
import { filePiece, sizeOf } from './pieces.ts';
import { readFrom } from './read-range.ts';
import { type StepLog, stepHeading } from './step-logs.ts';

/** A place in the logs of a job: a byte of the log of a step. Offset 0 is before the line that names the step. */
export interface LogPosition {
  /** '' for the start of the first log. */
  readonly step: string;
  readonly offset: number;
}

export interface LogPage {
  readonly text: string;
  /** The position after it. */
  readonly next: LogPosition;
  /** Whether it ends where the logs end now. */
  readonly isEnd: boolean;
}

export interface LogPageOptions {
  readonly workspace: Pick<WorkspaceLinks, 'read'>;
  /** Names of all steps, in order. */
  readonly steps: readonly string[];
  readonly maxBytes: number;
  /** Whether a line names each step. */
  readonly hasHeadings: boolean;
  /** Leaves out the line that names this step. */
  readonly within?: string;
}

/** Less than this may be no whole character. */
const MAX_CHARACTER_BYTES = 4;

/** @param from a position after the end reads nothing */
export async function readLogPage(
  logs: readonly StepLog[],
  from: LogPosition,
  { workspace, steps, maxBytes, hasHeadings, within }: LogPageOptions,
): Promise<LogPage> {
  const first = steps.indexOf(from.step);
  let text = '';
  let next = from;
  let left = maxBytes;
  for (const { step, files } of logs.filter((log) => steps.indexOf(log.step) >= first)) {
    const pieces = files.map((file) => filePiece(workspace, file));
    const size = sizeOf(pieces);
    const start = step === from.step ? from.offset : 0;
    if (start >= size) continue;
    const heading = hasHeadings && start === 0 && step !== within ? stepHeading(step) : '';
    if (left < heading.length + MAX_CHARACTER_BYTES) return { text, next, isEnd: false };
    const part = await readFrom(pieces, start, left - heading.length);
    text += heading + part.text;
    next = { step, offset: part.end };
    if (part.end < size) return { text, next, isEnd: false };
    left -= heading.length + part.end - start;
  }
  return { text, next, isEnd: true };
}

/** Reads the last bytes, and leaves out the first line when it is incomplete and others follow. */
export async function readLogTail(
  logs: readonly StepLog[],
  bytes: number,
  options: LogPageOptions,
): Promise<LogPage> {
  const from = tailPosition(logs, bytes, options.hasHeadings);
  if (from.offset === 0) return readLogPage(logs, from, options);
  // One byte more, so that a tail that begins with a line keeps it.
  const start = { ...from, offset: from.offset - 1 };
  const maxBytes = bytes + MAX_CHARACTER_BYTES;
  const page = await readLogPage(logs, start, { ...options, maxBytes, within: from.step });
  const lineStart = page.text.indexOf('\n') + 1;
  return lineStart < page.text.length ? { ...page, text: page.text.slice(lineStart) } : page;
}

function tailPosition(logs: readonly StepLog[], bytes: number, hasHeadings: boolean): LogPosition {
  let left = bytes;
  for (const { step, files } of logs.toReversed()) {
    const size = sizeOf(files);
    if (left <= size) return { step, offset: size - left };
    left -= size + (hasHeadings ? stepHeading(step).length : 0);
    if (left <= 0) return { step, offset: 0 };
  }
  return { step: '', offset: 0 };
}
