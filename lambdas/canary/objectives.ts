/** Defines the service level objectives, for the canary that measures them and the alarms that watch them: see docs/reference/slo.md. */

export const Objectives = {
  /** Share of starts and of ends that must be good. */
  share: 0.999,
  /** A start is good when the service accepts it within this time, in milliseconds. */
  startMs: 1_000,
  /** The end of a job is good when its webhook arrives within this time, in milliseconds. */
  deliveryMs: 5_000,
} as const;
