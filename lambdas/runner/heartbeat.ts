/** Sends the heartbeat of a running step: writes the latest progress, or checks that the step still owns its lease. */
import { log } from '../shared/observability/log.ts';

export interface HeartbeatOptions {
  /** Milliseconds between heartbeats. */
  readonly intervalMs: number;
  /** Writes the latest progress. Rejects when the step has lost its lease. */
  readonly report: (progress: StepProgress) => Promise<void>;
  /** Resolves to whether the step still owns its lease. */
  readonly ownsLease: () => Promise<boolean>;
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

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#timer = setInterval(() => {
      // Heartbeats never overlap, even when one is slow.
      this.#beat ??= this.#send().finally(() => {
        this.#beat = undefined;
      });
    }, options.intervalMs);
  }

  /** Keeps the latest progress for the next heartbeat. The fraction never decreases and stays within 0..1. */
  update(fraction: number, message?: string): void {
    this.#fraction = Math.max(this.#fraction, Math.min(1, fraction || 0));
    this.#latest = { fraction: this.#fraction, message: message ?? this.#latest?.message };
  }

  /** Stops and waits for a heartbeat in progress, so that no write follows the last write of the step. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beat;
  }

  async #send(): Promise<void> {
    const { report, ownsLease, onLeaseLost, isLeaseLost } = this.#options;
    const latest = this.#latest;
    this.#latest = undefined;
    try {
      if (latest) await report(latest);
      else if (!(await ownsLease())) this.#loseLease(onLeaseLost);
    } catch (error) {
      if (isLeaseLost(error)) this.#loseLease(onLeaseLost);
      else log.warn('A heartbeat failed; the next one tries again', { error });
    }
  }

  #loseLease(onLeaseLost: () => void): void {
    clearInterval(this.#timer);
    onLeaseLost();
  }
}
