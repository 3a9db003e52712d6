/** Waits for a condition while there are signs of life. */
import { setTimeout as delay } from 'node:timers/promises';

export class Patience {
  readonly #signs: () => string;
  readonly #patienceMs: number;
  #last: string | undefined;
  #sinceMs = 0;

  /**
   * @param signs returns a text that changes when something moves
   * @param patienceMs how long it may stay the same, in milliseconds
   */
  constructor(signs: () => string, patienceMs: number) {
    this.#signs = signs;
    this.#patienceMs = patienceMs;
  }

  /**
   * @param pauseMs between two checks, in milliseconds
   * @returns whether the condition was met; false when nothing has moved for too long
   */
  async until(isMet: () => boolean, pauseMs: number): Promise<boolean> {
    while (!isMet()) {
      const now = this.#signs();
      if (now !== this.#last) [this.#last, this.#sinceMs] = [now, performance.now()];
      else if (performance.now() - this.#sinceMs > this.#patienceMs) return false;
      await delay(pauseMs);
    }
    return true;
  }
}
