/** Decides which part of a log to read: its end first, and then what is printed. */

export interface LogPage {
  readonly text: string;
  readonly next_after: string;
  /** Whether the job has ended and nothing follows. */
  readonly complete: boolean;
  /** Absent when more text is there already. */
  readonly poll_after_ms?: number;
}

/** Which part of a log the page shows. */
export type LogPart = 'end' | 'more' | 'start';

/** Bytes from the end. The API returns at most 256 KiB at once. */
const TAIL_BYTES = { end: 64 * 1024, more: 256 * 1024 };

/** @param step only the log of this step; '' for all */
export function logQuery(part: LogPart, step: string, after: string | undefined): string {
  return new URLSearchParams({
    ...(after !== undefined && { after }),
    ...(after === undefined && part !== 'start' && { tail: String(TAIL_BYTES[part]) }),
    ...(step !== '' && { step }),
  }).toString();
}

/** Whether text may precede the end that was read. */
export function mayHaveEarlier(part: LogPart, first: Pick<LogPage, 'text'>): boolean {
  return part !== 'start' && new TextEncoder().encode(first.text).length > TAIL_BYTES[part] / 2;
}

/** Pages that are read at once to catch up. A log that grows faster is read on at its end. */
export const MAX_CATCH_UP = 4;
const CATCH_UP_MS = 250;
const DEFAULT_POLL_MS = 2_000;

/** @returns milliseconds until the next page is read; undefined at the end */
export function nextLogMs({ complete, poll_after_ms, text }: LogPage): number | undefined {
  if (complete) return undefined;
  if (poll_after_ms !== undefined) return poll_after_ms;
  return text === '' ? DEFAULT_POLL_MS : CATCH_UP_MS;
}
