/**
 * Fences attempts in sandboxes: a workspace file names the one attempt that may continue, or one that must stop. The runner
 * writes the file and the sandbox polls it, because nothing can stop an invocation from outside.
 *
 *     a        only attempt a may continue; all earlier attempts stop
 *     over a   attempt a stops; an attempt that has taken over continues
 */
import { text } from 'node:stream/consumers';
import type { SandboxEvent } from './protocol.ts';
import { request } from './request.ts';

export function fenceKey(jobId: string): string {
  return `work/${jobId}/turn`;
}

export function closedText(attemptId: string): string {
  return `${OVER}${attemptId}`;
}

const OVER = 'over ';

/** @returns whether an attempt may continue, by the text of the file */
export function mayContinue(attemptId: string, text: string): boolean {
  return text === attemptId || (text.startsWith(OVER) && text !== closedText(attemptId));
}

/** Delay until a step stops after its job was cancelled or its runner started again. */
export const FENCE_POLL_MS = 2_000;

/** @returns a signal that aborts when the fence closes for this attempt or the attempt times out */
export function watchFence(
  { attemptId, fenceUrl }: Pick<SandboxEvent, 'attemptId' | 'fenceUrl'>,
  limitMs: number,
): { readonly signal: AbortSignal; stop(): void } {
  const over = new AbortController();
  const deadline = setTimeout(() => over.abort(new Error('The attempt timed out.')), limitMs);
  let isReading = false;
  const timer = setInterval(async () => {
    if (isReading) return;
    isReading = true;
    const content = await read(fenceUrl).catch(() => undefined);
    isReading = false;
    if (content !== undefined && !mayContinue(attemptId, content))
      over.abort(new Error('The fence of the attempt is closed.'));
  }, FENCE_POLL_MS);
  return {
    signal: over.signal,
    stop(): void {
      clearTimeout(deadline);
      clearInterval(timer);
    },
  };
}

/** @returns undefined when the file is not readable; the next poll tries again */
async function read(url: string): Promise<string | undefined> {
  const response = await request(url, { signal: AbortSignal.timeout(FENCE_POLL_MS) });
  const content = await text(response);
  return response.statusCode === 200 ? content : undefined;
}
