/** Defines `wait_seconds`: all tools offer one range of it, and limit a longer wait to the longest one of the operation. */
import * as z from 'zod';
import { LONGEST_CALL_MS } from '../../definition/operation-definition.ts';
import type { ToolResult } from '../tool.ts';

/** The time that a call may wait for its job. */
export interface Wait {
  readonly ms: number;
  /** Seconds; present when the caller asked for a longer wait. */
  readonly limitedToSeconds?: number;
}

export const waitArgument = z.number().default(0);

/** What `tools/list` shows of it. A wait of 20 s suits every client. */
export const listedWait = z
  .number()
  .optional()
  .describe(`At most ${LONGEST_CALL_MS / 1000}; 20 is safe.`);

/** Limits a wait. A negative one is none. @param longestMs the longest wait of the operation */
export function limitWait(seconds: number, longestMs: number): Wait {
  const ms = Math.round(Math.max(0, seconds) * 1000);
  return ms <= longestMs ? { ms } : { ms: longestMs, limitedToSeconds: longestMs / 1000 };
}

/** Tells the caller of a limited wait, in the text and in `wait_limited_to_seconds`. */
export function withWaitLimit<Result extends ToolResult>(result: Result, { limitedToSeconds }: Wait): Result {
  if (limitedToSeconds === undefined) return result;
  return {
    ...result,
    structured: { ...result.structured, wait_limited_to_seconds: limitedToSeconds },
    text: `${result.text}\nwait_seconds was limited to ${limitedToSeconds}, the longest wait for this job.`,
  };
}
