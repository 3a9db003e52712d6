/** Sends the heartbeat of a running step: writes the latest progress when it is due, else checks that the step still owns its lease. */
import type { Watched } from '../jobs/watch.ts';
import { log } from '../shared/observability/log.ts';
import { isWriteDue, paceOf } from './progress-pace.ts';

export interface HeartbeatOptions {
  /** Milliseconds between heartbeats. */
  readonly intervalMs: number;
  /** The job as the begin of the step left it. */
  readonly job: Watched;
  /** Writes the latest progress. Resolves to the job after the write. Rejects when the step has lost its lease. */
  readonly report: (progress: StepProgress) => Promise<Watched>;
  /** Reads whether the step still owns its lease: undefined when it does not. */
  readonly readLease: () => Promise<Pick<Watched, 'watchedUntil'> | undefined>;
  /** Runs once, when the lease is lost. */
  readonly onLeaseLost: () => void;
  /** Whether an error of `report` means that the lease is lost. After other errors the next heartbeat tries again. */
  readonly isLeaseLost: (error: unknown) => boolean;
}

export interface StepProgress {
  /** Fraction of this step, 0..1. */
  readonly fraction: number;
  readonly message?: string;
}

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #timer: NodeJS.Timeout;
  #beat: Promise<void> | undefined;
  #latest: StepProgress | undefined;
  #fraction = 0;
  #job: Watched;
  /** Epoch milliseconds. */
  #wroteAt = Date.now();

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#job = options.job;
    this.#timer = setInterval(() => {
      // Heartbeats never overlap, even when one is slow.
      this.#beat ??= this.#act().finally(() => {
        this.#beat = undefined;
      });
    }, options.intervalMs);
  }

  /** Keeps the latest progress for a later heartbeat. The fraction never decreases and stays within 0..1. */
  update(fraction: number, message?: string): void {
    this.#fraction = Math.max(this.#fraction, Math.min(1, fraction || 0));
    this.#latest = { fraction: this.#fraction, message: message ?? this.#latest?.message };
  }

  /** Stops and waits for a heartbeat in progress, so that no write follows the last write of the step. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beat;
  }

  async #act(): Promise<void> {
    try {
      // A write is a check of the lease too. A read that shows a look can make a write due.
      if (!this.#isWriteDue()) await this.#read();
      if (this.#isWriteDue()) await this.#write();
    } catch (error) {
      if (this.#options.isLeaseLost(error)) this.#loseLease();
      else log.warn('A heartbeat failed; the next one tries again', { error });
    }
  }

  #isWriteDue(): boolean {
    const pace = paceOf(this.#options.intervalMs);
    return this.#latest !== undefined && isWriteDue(this.#wroteAt, this.#job, Date.now(), pace);
  }

  async #read(): Promise<void> {
    const lease = await this.#options.readLease();
    if (lease) this.#job = { ...this.#job, ...lease };
    else this.#loseLease();
  }

  async #write(): Promise<void> {
    const latest = this.#latest;
    if (!latest) return;
    this.#latest = undefined;
    try {
      this.#job = await this.#options.report(latest);
      this.#wroteAt = Date.now();
    } catch (error) {
      this.#latest ??= latest;
      throw error;
    }
  }

  #loseLease(): void {
    clearInterval(this.#timer);
    this.#latest = undefined;
    this.#options.onLeaseLost();
  }
}
