/**
 * Names the arguments that every start tool adds to those of its operation. `job_options` has the rare ones, which callers
 * may also give beside it.
 */

/** The input of an operation cannot use these names. */
export const JOB_ARGUMENTS = [
  'wait_seconds',
  'job_options',
  'idempotency_key',
  'retention_seconds',
  'callback_url',
  'callback_events',
] as const;
export type JobArgument = (typeof JOB_ARGUMENTS)[number];
