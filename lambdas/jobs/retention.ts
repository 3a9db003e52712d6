/** Defines how long jobs are kept after their end. */

/** A day after the end of the job. */
export const DEFAULT_RETENTION_SECONDS = 24 * 60 * 60;
/** A week; it bounds the number of ended jobs in a list. */
export const MAX_RETENTION_SECONDS = 7 * DEFAULT_RETENTION_SECONDS;
