/**
 * Remembers the last reports that this instance took, and refuses earlier ones and many repetitions. Other instances do not know them
 * and process them again, which affects only the attempt: its progress never falls, and its log may lose lines.
 */

/** Attempts in memory, some 100 bytes each. */
const MAX_ATTEMPTS = 10_000;
/** A report comes again when its response was lost. */
const MAX_REPEATS = 20;

export class ReportOrder {
  readonly #last = new Map<string, { readonly sequence: number; readonly repeats: number }>();

  /** @returns whether the report is new, or a repetition of the last one */
  accepts(attemptId: string, sequence: number): boolean {
    const last = this.#last.get(attemptId);
    if (last && sequence < last.sequence) return false;
    const repeats = last?.sequence === sequence ? last.repeats + 1 : 0;
    if (repeats > MAX_REPEATS) return false;
    // The latest is last in a map, and the first one is the oldest.
    this.#last.delete(attemptId);
    this.#last.set(attemptId, { sequence, repeats });
    const [oldest] = this.#last.keys();
    if (this.#last.size > MAX_ATTEMPTS && oldest !== undefined) this.#last.delete(oldest);
    return true;
  }
}
