/** Serializes work by key: work on one key runs in order, work on different keys runs concurrently. */

export type KeyedLock = <T>(key: string, work: () => Promise<T>) => Promise<T>;

export function createKeyedLock(): KeyedLock {
  const last = new Map<string, Promise<unknown>>();
  return (key, work) => {
    // Runs after success and failure of the previous work, whose caller handles the failure.
    const run = (last.get(key) ?? Promise.resolve()).then(work, work);
    const forget = () => void (last.get(key) === run && last.delete(key));
    last.set(key, run);
    run.then(forget, forget);
    return run;
  };
}
