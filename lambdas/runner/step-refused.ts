/** The answer no: it ends a job as cancelled, which is no failure. */

export class StepRefused extends Error {
  override readonly name = 'StepRefused';

  /** @param reason a sentence for callers: who has refused what, and why */
  constructor(reason: string) {
    super(reason);
  }
}
