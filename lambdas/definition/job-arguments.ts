/** Names the arguments that every start tool adds to those of its operation. */

/** The input of an operation cannot use these names. */
export const JOB_ARGUMENTS = [
  'wait_seconds',
  'idempotency_key',
  'retention_seconds',
  'callback_url',
  'callback_events',
] as const;
export type JobArgument = (typeof JOB_ARGUMENTS)[number];
