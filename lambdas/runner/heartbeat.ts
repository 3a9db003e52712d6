/** Sends the heartbeat of a running step: writes the latest progress when it is due, or checks that the step still owns its lease. */
import type { Watched } from '../jobs/watch.ts';
import { log } from '../shared/observability/log.ts';
import { nextAct, paceOf } from './progress-pace.ts';

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
  #checkedAt: number | undefined;

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
      if (this.#next() === 'read') await this.#read();
      // Also at once after a read that shows a look.
      if (this.#next() === 'write') await this.#write();
    } catch (error) {
      if (this.#options.isLeaseLost(error)) this.#loseLease();
      else log.warn('A heartbeat failed; the next one tries again', { error });
    }
  }

  #next() {
    const state = { hasNews: this.#latest !== undefined, wroteAt: this.#wroteAt, checkedAt: this.#checkedAt };
    return nextAct(state, this.#job, Date.now(), paceOf(this.#options.intervalMs));
  }

  async #read(): Promise<void> {
    const lease = await this.#options.readLease();
    this.#checkedAt = Date.now();
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
      this.#checkedAt = this.#wroteAt;
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
