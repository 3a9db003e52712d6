/** Defines the error of a step whose question was refused. */

/**
 * Ends a job as `cancelled` instead of `failed`, because a person refused. Throw it from a step of a job.
 * @example
 * ```ts
 * if (answer.action !== 'accept') throw new StepRefused('The release to production was declined.');
 * ```
 */
export class StepRefused extends Error {
  override readonly name = 'StepRefused';

  /** @param reason one sentence for callers: what was refused, and why */
  constructor(reason: string) {
    super(reason);
  }
}
