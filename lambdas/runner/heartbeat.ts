/** The heartbeat of a running step: it writes the newest progress, or else looks whether the job still wants the step. */

export interface PulseOptions {
  /** Milliseconds between beats. */
  readonly intervalMs: number;
  /** Writes the newest progress. Rejects when the step has lost the job. */
  readonly report: (progress: StepProgress) => Promise<void>;
  /** Resolves to whether the step still has the job. */
  readonly holds: () => Promise<boolean>;
  /** Called once, when the job is lost. */
  readonly onLost: () => void;
  /** Whether an error of `report` means that the job is lost. Others pass: the next beat tries again. */
  readonly isLoss: (error: unknown) => boolean;
}

export interface StepProgress {
  /** 0..1, of this step. */
  readonly fraction: number;
  readonly message?: string;
}

export class Pulse {
  readonly #options: PulseOptions;
  readonly #timer: NodeJS.Timeout;
  #beat: Promise<void> | undefined;
  #news: StepProgress | undefined;
  #fraction = 0;

  constructor(options: PulseOptions) {
    this.#options = options;
    this.#timer = setInterval(() => {
      // A slow beat is not overtaken by the next one.
      this.#beat ??= this.#once().finally(() => {
        this.#beat = undefined;
      });
    }, options.intervalMs);
  }

  /** Remembers the newest progress until the next beat. A fraction never falls, and stays within 0..1. */
  note(fraction: number, message?: string): void {
    this.#fraction = Math.max(this.#fraction, Math.min(1, fraction || 0));
    this.#news = { fraction: this.#fraction, message: message ?? this.#news?.message };
  }

  /** Ends the beats; a beat under way is waited for, so that no write comes after the step's last. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beat;
  }

  async #once(): Promise<void> {
    const { report, holds, onLost, isLoss } = this.#options;
    const news = this.#news;
    this.#news = undefined;
    try {
      if (news) await report(news);
      else if (!(await holds())) this.#lose(onLost);
    } catch (error) {
      if (isLoss(error)) this.#lose(onLost);
      else console.warn({ message: 'A heartbeat failed; the next one tries again', error });
    }
  }

  #lose(onLost: () => void): void {
    clearInterval(this.#timer);
    onLost();
  }
}
