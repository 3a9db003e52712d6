/** Runs checks one after another, prints each result, and counts them. */

export class Report {
  #passed = 0;
  #failed = 0;
  readonly #startedAt = Date.now();

  get failed(): boolean {
    return this.#failed > 0;
  }

  /** @returns what the check returns; undefined when it throws, which is printed and counted as failed */
  async check<T>(name: string, run: () => Promise<T>): Promise<T | undefined> {
    const startedAt = Date.now();
    try {
      const result = await run();
      this.#passed += 1;
      console.log(`ok    ${name} (${seconds(startedAt)})`);
      return result;
    } catch (error) {
      this.fail(`${name} (${seconds(startedAt)})`, error);
      return undefined;
    }
  }

  fail(name: string, error: unknown): void {
    this.#failed += 1;
    console.log(`FAIL  ${name}\n${indent(String((error as Error)?.stack ?? error))}`);
  }

  /** Prints the counts, which CI reads. */
  close(): void {
    console.log(`The rehearsal took ${seconds(this.#startedAt)}.`);
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
  }
}

function seconds(sinceMs: number): string {
  return `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '      ');
}
