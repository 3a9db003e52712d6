/**
 * Whose turn it is: a file of the workspace names the one attempt that goes on with a job, or one that is over. The runner
 * writes it, the sandbox looks at it, for an invocation cannot be told to stop.
 *
 *     a        only attempt a goes on: whatever runs of earlier ones stops
 *     over a   attempt a stops; the one that may have taken over meanwhile goes on
 */
import { request } from 'undici';
import type { SandboxEvent } from './protocol.ts';

export function turnKey(jobId: string): string {
  return `work/${jobId}/turn`;
}

export function overText(turn: string): string {
  return `${OVER}${turn}`;
}

const OVER = 'over ';

/** Whether an attempt goes on, by what the file says. */
export function goesOn(turn: string, text: string): boolean {
  return text === turn || (text.startsWith(OVER) && text !== overText(turn));
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
    const text = await read(turnUrl).catch(() => undefined);
    isLooking = false;
    if (text !== undefined && !goesOn(turn, text)) over.abort(new Error('It is no longer its turn.'));
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
