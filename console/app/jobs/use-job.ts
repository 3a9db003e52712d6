/** Follows a job until it ends, while the person can see it. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { JobDetails } from '../../shared/job.ts';
import { type Api, ApiError } from '../api.ts';
import { useVisible } from '../use-visible.ts';
import { backoffMs, hasStaleLinks, linkRefreshMs, nextPollMs } from './polling.ts';

export interface FollowedJob {
  readonly job: JobDetails | undefined;
  /** Why the last poll failed. The job is as it was before. */
  readonly error: Error | undefined;
  /** Reads the job now, such as after an answer. */
  refresh(): void;
}

const JOB_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The error for an id that no job can have: the same as for the job of another owner. */
const NO_SUCH_JOB = new ApiError(404, { code: 'JOB_NOT_FOUND', message: '' });

export function useJob(api: Api, jobId: string): FollowedJob {
  const [job, setJob] = useState<JobDetails>();
  const [error, setError] = useState<Error | undefined>(JOB_ID.test(jobId) ? undefined : NO_SUCH_JOB);
  const [round, setRound] = useState(0);
  const isVisible = useVisible();
  const latest = useRef<JobDetails | undefined>(undefined);
  const etag = useRef<string | undefined>(undefined);

  useEffect(() => {
    if (!isVisible || !JOB_ID.test(jobId)) return;
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let failures = 0;
    const later = (ms: number | undefined) => {
      if (ms !== undefined && !controller.signal.aborted) timer = setTimeout(poll, ms);
    };
    const poll = async () => {
      try {
        // New links come only with a response in full.
        if (latest.current && hasStaleLinks(latest.current, Date.now())) etag.current = undefined;
        const response = await api.getChanged<JobDetails>(`/jobs/${jobId}`, etag.current, controller.signal);
        if (response) {
          latest.current = response.body;
          etag.current = response.etag;
          setJob(response.body);
        }
        failures = 0;
        setError(undefined);
        if (!latest.current) return;
        const pollMs = nextPollMs(latest.current);
        if (pollMs !== undefined) return later(pollMs);
        later(linkRefreshMs(latest.current.files, Date.now()));
      } catch (failure) {
        if (controller.signal.aborted) return;
        failures += 1;
        const isThrottled = failure instanceof ApiError && failure.status === 429;
        if (!isThrottled || !latest.current) setError(failure as Error);
        const isFinal = failure instanceof ApiError && [401, 403, 404].includes(failure.status);
        if (!isFinal)
          later(backoffMs(failures, failure instanceof ApiError ? failure.retryAfterMs : undefined));
      }
    };
    void poll();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [api, jobId, isVisible, round]);

  return { job, error, refresh: useCallback(() => setRound((before) => before + 1), []) };
}
