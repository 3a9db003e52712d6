/** Names the arguments that every start tool has besides those of its operation. */

/** An operation cannot have an input of the same name. */
export const JOB_ARGUMENTS = [
  'wait_seconds',
  'idempotency_key',
  'retention_seconds',
  'callback_url',
  'callback_events',
] as const;
export type JobArgument = (typeof JOB_ARGUMENTS)[number];
