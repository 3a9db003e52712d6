/** Reads the jobs that match filters: the newest every few seconds, older ones on demand. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { JobSummary } from '../../shared/job.ts';
import { type Api, ApiError } from '../api.ts';
import { useVisible } from '../use-visible.ts';
import { appendPage, mergeNewest, refreshSize } from './job-list.ts';

interface JobPage {
  readonly jobs: readonly JobSummary[];
  readonly next_cursor?: string;
}

export interface JobList {
  readonly jobs: readonly JobSummary[];
  /** Whether the first page has been read. */
  readonly isReady: boolean;
  /** Whether there are no older jobs. */
  readonly isComplete: boolean;
  readonly isLoading: boolean;
  readonly error: Error | undefined;
  /** Reads older jobs. It does nothing while it reads. */
  loadMore(): void;
  /** Tries again after an error. */
  retry(): void;
}

const PAGE = 100;
const REFRESH_MS = 4_000;
const AFTER_ERROR_MS = 15_000;

interface State {
  /** Filters that the jobs match. */
  readonly query: string;
  readonly jobs: readonly JobSummary[];
  /** Cursor of the older jobs; undefined at the end. */
  readonly next?: string | undefined;
  readonly isReady: boolean;
}

/** The list as it was when the person left it, to come back to. */
let left: State | undefined;

/** @param query filters of the list */
export function useJobs(api: Api, query: string): JobList {
  const [state, setState] = useState<State>(() =>
    left?.query === query ? left : { query, jobs: [], isReady: false },
  );
  const [isLoading, setIsLoading] = useState(false);
  const [error, setError] = useState<Error>();
  const [round, setRound] = useState(0);
  const current = useRef(state);
  current.current = state;
  const loading = useRef(false);
  const isVisible = useVisible();
  const pathOf = useCallback(
    (more: Readonly<Record<string, string>>) => {
      const parameters = new URLSearchParams(query);
      for (const [name, value] of Object.entries(more)) parameters.set(name, value);
      return `/jobs?${parameters}`;
    },
    [query],
  );

  useEffect(
    () => () => {
      left = current.current;
    },
    [],
  );

  useEffect(() => {
    setState((now) => (now.query === query ? now : { query, jobs: [], isReady: false }));
    setError(undefined);
    loading.current = false;
  }, [query]);

  useEffect(() => {
    if (!isVisible) return;
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const again = (ms: number) => {
      timer = setTimeout(refresh, ms);
    };
    const refresh = async () => {
      const { jobs: before, isReady: hasFirst, query: of } = current.current;
      const isReady = hasFirst && of === query;
      try {
        const limit = String(isReady ? refreshSize(before) : PAGE);
        const page = await api.get<JobPage>(pathOf({ limit }), controller.signal);
        // Older jobs may have arrived in the meantime.
        setState((now) => {
          const hasMore = page.next_cursor !== undefined;
          const merged = now.isReady ? mergeNewest(now.jobs, page.jobs, hasMore) : undefined;
          // The page is the whole list when it was empty before, and may have more than that list had.
          const hasOlder = merged !== undefined && merged.length > page.jobs.length;
          const next = hasOlder ? now.next : page.next_cursor;
          return { query, jobs: merged ?? page.jobs, next, isReady: true };
        });
        setError(undefined);
        again(REFRESH_MS);
      } catch (failure) {
        if (controller.signal.aborted) return;
        setError(failure as Error);
        // Another request would be refused too, and may cost a refresh of the token.
        if (failure instanceof ApiError && [401, 403].includes(failure.status)) return;
        again(Math.max(AFTER_ERROR_MS, (failure instanceof ApiError && failure.retryAfterMs) || 0));
      }
    };
    void refresh();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [api, pathOf, isVisible, round]);

  const loadMore = useCallback(async () => {
    const { next, isReady } = current.current;
    if (loading.current || !isReady || next === undefined) return;
    loading.current = true;
    setIsLoading(true);
    try {
      const page = await api.get<JobPage>(pathOf({ limit: String(PAGE), cursor: next }));
      setState((now) =>
        // The list may have begun again.
        now.query === query && now.next === next
          ? { ...now, jobs: appendPage(now.jobs, page.jobs), next: page.next_cursor }
          : now,
      );
      loading.current = false;
    } catch (failure) {
      setError(failure as Error);
      const waitMs = (failure instanceof ApiError && failure.retryAfterMs) || 2_000;
      setTimeout(() => {
        loading.current = false;
      }, waitMs);
    } finally {
      setIsLoading(false);
    }
  }, [api, pathOf, query]);

  return {
    jobs: state.jobs,
    isReady: state.isReady,
    isComplete: state.isReady && state.next === undefined,
    isLoading,
    error,
    loadMore: useCallback(() => void loadMore(), [loadMore]),
    retry: useCallback(() => setRound((before) => before + 1), []),
  };
}
