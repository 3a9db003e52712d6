/** Runs an action for each item, a few at a time. */

/** Stops at the first failure, and when `signal` aborts. */
export async function forEachLimited<T>(
  items: readonly T[],
  limit: number,
  signal: AbortSignal,
  action: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values();
  const work = async () => {
    for (const item of left) {
      if (signal.aborted) return;
      await action(item);
    }
  };
  await Promise.all(Array.from({ length: limit }, work));
}
