/** Defines the keys of log lines, without the logger: the declarations of the package need no types of Lambda. */

/** What a log line is about. docs/reference/logs.md describes the keys. */
export type LogKeys = {
  readonly job_id?: string;
  readonly operation?: string;
  /** The owner itself: a line has its hash. */
  readonly owner?: string;
  readonly step?: string;
  /** Of a step or of a delivery; 1 for the first. */
  readonly attempt?: number;
  readonly delivery_id?: string;
  /** Id of the request to the gateway: the same in the authorizer and in the function behind it. */
  readonly correlation_id?: string;
  /** W3C trace id. @default that of the invocation's X-Ray trace */
  readonly trace_id?: string;
};
