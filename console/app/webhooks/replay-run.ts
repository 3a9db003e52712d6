/** Replays deliveries call by call, until all are done, somebody stops it, or a call fails. It can continue from there. */

/** The response of a replay's call. */
export interface ReplayedPage {
  readonly replayed: number;
  readonly reached_at?: string;
  readonly next_cursor?: string;
}

export interface ReplayRun {
  readonly state: 'running' | 'done' | 'stopped' | 'failed';
  /** Deliveries that are sent again so far. */
  readonly replayed: number;
  /** Creation time of the last delivery that was read. */
  readonly reachedAt?: string;
  /** The body of the next call; absent when all are done. */
  readonly next?: object;
  /** Why the run failed. */
  readonly error?: Error;
}

export interface ReplayOptions {
  readonly post: (body: object) => Promise<ReplayedPage>;
  /** Where to begin: the first body with `replayed: 0`, or a run that was stopped or failed. */
  readonly from: Pick<ReplayRun, 'replayed' | 'reachedAt'> & { readonly next: object };
  readonly onProgress: (run: ReplayRun) => void;
  /** Stops the run after the call that is under way. */
  readonly signal: AbortSignal;
  /** Waits that many milliseconds. @default setTimeout */
  readonly pause?: (ms: number) => Promise<void>;
}

/** Other calls of the owner hold the slots: most end within seconds. */
const BUSY_PAUSE_MS = 2_000;
const MAX_BUSY = 15;

/** Never throws: a failure is a state of the run. */
export async function runReplay({
  post,
  from,
  onProgress,
  signal,
  pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}: ReplayOptions): Promise<ReplayRun> {
  let run: ReplayRun = { ...from, state: 'running' };
  const become = (changed: ReplayRun) => {
    run = changed;
    onProgress(run);
    return run;
  };
  onProgress(run);
  for (let busy = 0; run.next; ) {
    if (signal.aborted) return become({ ...run, state: 'stopped' });
    try {
      const { replayed, reached_at, next_cursor } = await post(run.next);
      const { next: _, ...rest } = run;
      busy = 0;
      become({
        ...rest,
        replayed: run.replayed + replayed,
        ...(reached_at && { reachedAt: reached_at }),
        ...(next_cursor && { next: { cursor: next_cursor } }),
      });
    } catch (error) {
      busy += 1;
      if (!isBusy(error) || busy > MAX_BUSY)
        return become({ ...run, state: 'failed', error: error as Error });
      await pause(BUSY_PAUSE_MS);
    }
  }
  return become({ ...run, state: 'done' });
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'RESOURCE_EXHAUSTED';
}

/**
 * Returns how far a run is, by the creation times of its deliveries.
 * @param sinceMs creation time of the first delivery, at the earliest; epoch milliseconds
 * @param untilMs that of the last
 * @returns 0..1
 */
export function fractionOf({ state, reachedAt }: ReplayRun, sinceMs: number, untilMs: number): number {
  if (state === 'done') return 1;
  const part = (Date.parse(reachedAt ?? '') - sinceMs) / (untilMs - sinceMs);
  return Number.isFinite(part) ? Math.min(1, Math.max(0, part)) : 0;
}
