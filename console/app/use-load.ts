/** Loads what a component shows, and runs what its buttons do. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

export interface Loaded<T> {
  /** Stays while the same is loaded again. */
  readonly data?: T;
  readonly error?: Error;
  readonly isLoading: boolean;
  readonly reload: () => void;
}

/**
 * Loads when the component appears, when `key` changes and on `reload`. The response of an earlier load is dropped.
 * @param key identifies what is loaded
 */
export function useLoad<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<Kept<T>>({ isLoading: true });
  const [count, setCount] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    const end = new AbortController();
    const become = (change: (kept: Kept<T>) => Kept<T>) => {
      if (!end.signal.aborted) setState(change);
    };
    setState((kept) => ({ ...keptFor(key, kept), isLoading: true }));
    latest.current(end.signal).then(
      (data) => become(() => ({ key, data, isLoading: false })),
      (error: Error) => become((kept) => ({ ...keptFor(key, kept), error, isLoading: false })),
    );
    return () => end.abort();
  }, [key, count]);
  const reload = useCallback(() => setCount((before) => before + 1), []);
  return { ...state, reload };
}

type Kept<T> = Omit<Loaded<T>, 'reload'> & { readonly key?: string };

/** Returns what stays on the page while the same is loaded again. */
function keptFor<T>(key: string, kept: Kept<T>): Pick<Kept<T>, 'key' | 'data'> {
  return kept.key === key ? { key, ...(kept.data !== undefined && { data: kept.data }) } : {};
}

export interface Action {
  readonly isBusy: boolean;
  readonly error?: Error;
  /** Runs one action at a time; its failure becomes `error`. */
  readonly run: (action: () => Promise<void>) => Promise<void>;
}

export function useAction(): Action {
  const [state, setState] = useState<{ readonly isBusy: boolean; readonly error?: Error }>({
    isBusy: false,
  });
  const busy = useRef(false);
  const run = useCallback(async (action: () => Promise<void>) => {
    if (busy.current) return;
    busy.current = true;
    setState({ isBusy: true });
    try {
      await action();
      setState({ isBusy: false });
    } catch (error) {
      setState({ isBusy: false, error: error as Error });
    } finally {
      busy.current = false;
    }
  }, []);
  return { ...state, run };
}
