/** Describes an error as the pages show it. */

/** An error of the service, as a job or a response has it. */
export interface ErrorView {
  readonly code: string;
  /** What happened, and the remedy. */
  readonly message: string;
  readonly step?: string | undefined;
  readonly retryable?: boolean | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}
