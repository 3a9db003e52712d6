/** Follows the log of a job, while the person can see it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { appendLog, EMPTY_LOG, type LogState } from '../../shared/log-buffer.ts';
import { type Api, ApiError } from '../api.ts';
import { useVisible } from '../use-visible.ts';
import {
  type LogPage,
  type LogPart,
  logQuery,
  MAX_CATCH_UP,
  mayHaveEarlier,
  nextLogMs,
} from './log-reading.ts';
import { backoffMs } from './polling.ts';

export interface FollowedLog {
  readonly log: LogState;
  /** Whether text may precede what is shown. */
  readonly hasEarlier: boolean;
  /** Whether text follows that is read only on demand. */
  readonly hasLater: boolean;
  readonly isReady: boolean;
  /** Whether the API has no logs. */
  readonly isMissing: boolean;
  readonly error: Error | undefined;
  /** Reads the next page of a log that is read from its start. */
  readOn(): void;
}

interface Position {
  readonly log: LogState;
  readonly hasEarlier: boolean;
  readonly after?: string | undefined;
  readonly isComplete: boolean;
  readonly hasLater: boolean;
}

const START: Position = { log: EMPTY_LOG, hasEarlier: false, isComplete: false, hasLater: false };

/**
 * Begins once: another part, or step, needs another component.
 * @param step only the log of this step; '' for all
 */
export function useLog(api: Api, jobId: string, part: LogPart, step: string): FollowedLog {
  const [position, setPosition] = useState<Position>(START);
  const [error, setError] = useState<Error>();
  const [isMissing, setIsMissing] = useState(false);
  const [demand, setDemand] = useState(0);
  /** The last demand that was read on for. */
  const served = useRef(demand);
  const isVisible = useVisible();

  useEffect(() => {
    if (!isVisible) return;
    // A person who comes back to the tab has not asked for more.
    if (position.hasLater && served.current === demand) return;
    served.current = demand;
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let failures = 0;
    let caughtUp = 0;
    let now = position;
    if (now.isComplete) return;
    const read = async () => {
      try {
        const query = logQuery(part, step, now.after);
        const page = await api.get<LogPage>(`/jobs/${jobId}/log?${query}`, controller.signal);
        failures = 0;
        const ms = nextLogMs(page);
        caughtUp = page.poll_after_ms === undefined ? caughtUp + 1 : 0;
        const isPaused = part === 'start' && page.poll_after_ms === undefined && !page.complete;
        now = {
          log: appendLog(now.log, page.text),
          hasEarlier: now.after === undefined ? mayHaveEarlier(part, page) : now.hasEarlier,
          after: page.next_after,
          isComplete: page.complete,
          hasLater: isPaused,
        };
        if (part !== 'start' && caughtUp > MAX_CATCH_UP && !page.complete) {
          // The log grows faster than it can be read: continue at its end.
          now = { ...START, hasEarlier: true };
          caughtUp = 0;
        }
        setPosition(now);
        setError(undefined);
        if (ms !== undefined && !isPaused) timer = setTimeout(read, ms);
      } catch (failure) {
        if (controller.signal.aborted) return;
        const { status, retryAfterMs } = failure instanceof ApiError ? failure : {};
        if (status === 404) return setIsMissing(true);
        if (status === 400 && now.after !== undefined) {
          // A deploy has removed the step at which the position is.
          now = START;
          setPosition(now);
          timer = setTimeout(read, 0);
          return;
        }
        failures += 1;
        if (status !== 429) setError(failure as Error);
        if (status !== undefined && [400, 401, 403].includes(status)) return;
        timer = setTimeout(read, backoffMs(failures, retryAfterMs));
      }
    };
    void read();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
    // `position` is where this effect begins; what it reads is in `now`.
  }, [api, jobId, part, step, isVisible, demand]);

  const { log, hasEarlier, hasLater, after } = position;
  return {
    log,
    hasEarlier,
    hasLater,
    isReady: after !== undefined,
    isMissing,
    error,
    readOn: () => setDemand((before) => before + 1),
  };
}
