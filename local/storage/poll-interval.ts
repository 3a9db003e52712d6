/**
 * Lets fauxqs look for due messages less often. Every 20 ms, for each queue that is polled, took a percent of a core. A new message
 * wakes its readers at once: this is only for delays and visibility timeouts, which SQS counts in seconds.
 */

const INTERVAL_MS = 100;

/** What this file uses of fauxqs's class of queues, which the package does not export. */
interface PolledQueue {
  pollTimer: NodeJS.Timeout | undefined;
  processTimers(): void;
  startPollTimerIfNeeded(): void;
}

/** Changes the queues of this process. @throws Error when this version of fauxqs has no such method */
export async function slowPollTimers(): Promise<void> {
  const file = new URL('./sqs/sqsStore.js', import.meta.resolve('fauxqs')).href;
  const { SqsQueue } = (await import(file)) as { readonly SqsQueue?: { readonly prototype: PolledQueue } };
  if (!SqsQueue?.prototype.startPollTimerIfNeeded)
    throw new Error(
      'This version of fauxqs has no SqsQueue.startPollTimerIfNeeded. Adapt local/storage/poll-interval.ts to it.',
    );
  SqsQueue.prototype.startPollTimerIfNeeded = function start(this: PolledQueue) {
    this.pollTimer ??= setInterval(() => this.processTimers(), INTERVAL_MS);
  };
}
