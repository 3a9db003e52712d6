/**
 * Whose turn it is: a file of the workspace names the one attempt that goes on with a job. The runner writes it, the
 * sandbox looks at it, for an invocation cannot be told to stop.
 */
import { request } from 'undici';
import type { SandboxEvent } from './wire.ts';

/** Written when nobody is to go on. */
export const NOBODY = 'nobody';

export function turnKey(jobId: string): string {
  return `work/${jobId}/turn`;
}

/** How soon a step stops whose job was cancelled, or whose runner was lost and has begun anew. */
const LOOK_MS = 2_000;

/** @returns a signal that fires when it is no longer this attempt's turn, or its time is over. */
export function watchTurn({ turn, turnUrl }: Pick<SandboxEvent, 'turn' | 'turnUrl'>, limitMs: number) {
  const over = new AbortController();
  const deadline = setTimeout(() => over.abort(new Error('The time is over.')), limitMs);
  let isLooking = false;
  const timer = setInterval(async () => {
    if (isLooking) return;
    isLooking = true;
    const holder = await read(turnUrl).catch(() => undefined);
    isLooking = false;
    if (holder !== undefined && holder !== turn) over.abort(new Error('Another attempt has its turn.'));
  }, LOOK_MS);
  return {
    signal: over.signal,
    stop(): void {
      clearTimeout(deadline);
      clearInterval(timer);
    },
  };
}

/** Undefined when it cannot be read now: the next look tries again. */
async function read(url: string): Promise<string | undefined> {
  const { statusCode, body } = await request(url, { headersTimeout: LOOK_MS, bodyTimeout: LOOK_MS });
  const text = await body.text();
  return statusCode === 200 ? text : undefined;
}
