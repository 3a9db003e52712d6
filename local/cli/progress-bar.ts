/** Prints progress: one line that is redrawn on a terminal, or one line for each change elsewhere. */
import { cutText } from '../../lambdas/shared/cut-text.ts';

const WIDTH = 30;

export interface Progress {
  /** From 0 to 1. */
  readonly progress: number;
  readonly step?: string;
  readonly message?: string;
}

export class ProgressBar {
  readonly #out: NodeJS.WriteStream;
  #last = '';

  constructor(out: NodeJS.WriteStream = process.stdout) {
    this.#out = out;
  }

  draw({ progress, step = '', message = '' }: Progress): void {
    const filled = Math.round(progress * WIDTH);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)}`;
    const percent = `${Math.round(progress * 100)}`.padStart(3);
    const room = Math.max(20, (this.#out.columns ?? 100) - WIDTH - 20);
    const line = `  ${bar} ${percent} %  ${step.padEnd(8)} ${cutText(message, room)}`;
    if (line === this.#last) return;
    this.#last = line;
    this.#out.write(this.#out.isTTY ? `\r\x1b[2K${line}` : `${line}\n`);
  }

  /** Ends the bar and moves the cursor to the next line. */
  end(): void {
    if (this.#out.isTTY) this.#out.write('\n');
  }
}
