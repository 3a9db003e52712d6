/**
 * Lets fauxqs look for due messages less often. Every 20 ms, for each queue that is polled, took a percent of a core. A new message
 * wakes its readers at once: this is only for delays and visibility timeouts, which SQS counts in seconds.
 */

const INTERVAL_MS = 100;

/** What is used of fauxqs's class of queues, which the package does not export. */
interface PolledQueue {
  pollTimer: NodeJS.Timeout | undefined;
  processTimers(): void;
  startPollTimerIfNeeded(): void;
}

const { SqsQueue } = (await import(new URL('./sqs/sqsStore.js', import.meta.resolve('fauxqs')).href)) as {
  readonly SqsQueue: { readonly prototype: PolledQueue };
};

SqsQueue.prototype.startPollTimerIfNeeded = function start(this: PolledQueue) {
  this.pollTimer ??= setInterval(() => this.processTimers(), INTERVAL_MS);
};
