/** Gives components the time, for ages and durations that grow. */
import { useEffect, useState } from 'preact/hooks';

/**
 * Renders again and again, unless the tab is hidden.
 * @param everyMs milliseconds; undefined when nothing grows
 * @returns epoch milliseconds
 */
export function useNow(everyMs: number | undefined): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    setNowMs(Date.now());
    if (everyMs === undefined) return;
    const timer = setInterval(() => !document.hidden && setNowMs(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return nowMs;
}
