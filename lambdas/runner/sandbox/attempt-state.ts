/**
 * Defines what is known of an attempt in a sandbox between two reports. It travels with the reports as a sealed token, so a report
 * needs no read of it, and a sandbox can neither read nor change it. A stolen or repeated token affects only its own attempt.
 */
import type { PrintedLog } from '../../definition/finished-step.ts';
import type { Job } from '../../jobs/job.ts';
import type { JobTrace } from '../../shared/observability/trace-context.ts';
import { openText, sealingKey, sealText } from '../../shared/sealed-text.ts';
import type { Usage } from '../../shared/usage.ts';

/** Where the log stands. */
export type AttemptLog = Omit<PrintedLog, 'questions'>;

export interface AttemptState {
  readonly operation: string;
  readonly step: string;
  readonly jobId: string;
  readonly owner: string;
  /** 0 on the first attempt. */
  readonly attempt: number;
  /** Attempts of the step that failed before. @default none */
  readonly failures?: number;
  readonly trace?: JobTrace;
  /** Step Functions waits for it. */
  readonly taskToken: string;
  /** ARN of the version of the runner that started the attempt, and ends it. */
  readonly runner: string;
  /** Unique to this attempt. With the claim it is the lease of the job. */
  readonly attemptId: string;
  /** Lease of the job before this attempt; absent before the first step. */
  readonly leaseBefore?: string;
  /** Milliseconds from the first report. */
  readonly limitMs: number;
  /** For the write that begins the attempt. */
  readonly begin: {
    readonly ended?: { readonly step: string; readonly ended: number };
    readonly stepUsage: Usage;
    readonly stepFunction: NonNullable<Job['stepFunction']>;
  };
  /** Progress of the job at the begin and at the end of the step. */
  readonly from: number;
  readonly to: number;
  /** Logs of the steps before. */
  readonly logs: NonNullable<Job['logs']>;
  /** Files of the workspace: the number of those that the step may read, and the keys of those that it may write. */
  readonly reads: number;
  readonly writes: readonly string[];
  readonly log: AttemptLog;
  /** The line between the attempts, until something is printed after it. */
  readonly heading?: string;
  /** Bytes of the log before this attempt. */
  readonly logStart: number;
  /** Reports before this one. */
  readonly sequence: number;
  readonly used: Usage;
  /** Since the first report. */
  readonly claimed?: {
    readonly lease: string;
    /** Epoch milliseconds. */
    readonly atMs: number;
    /** Time of the attempt in the timeline of the job, in epoch milliseconds. */
    readonly began?: number;
    /** Highest reported progress of the job. */
    readonly progress: number;
    /** Reported since the last write of progress, which is not due yet. */
    readonly unwritten?: { readonly message?: string };
    /** Last write of progress, in epoch milliseconds. @default the first report, which begins the step */
    readonly wroteAt?: number;
    /** Somebody looks at the job until then, in epoch milliseconds, as of the last report. @default nobody does */
    readonly watchedUntil?: number;
    readonly job: Pick<Job, 'jobId' | 'createdAt' | 'startedAt' | 'retentionSeconds'>;
  };
}

export const EMPTY_LOG: AttemptLog = { part: 0, start: 0, uploaded: 0, uploadedAt: 0, size: 0, end: '' };

const CONTEXT = 'sandbox report v1';
/** Tokens have some 8 KB: 5 KB are the last lines of the log, 1 KB the token of the task. */
const MAX_TOKEN_CHARACTERS = 64 * 1024;
/** Limit for the first token of an attempt. Reports add the last lines of the log, and what was used. */
export const MAX_FIRST_TOKEN_CHARACTERS = 48 * 1024;

/** Reads the secret that the key is derived from. */
export interface SealingSecret {
  get(): Promise<{ readonly current: string; readonly previous?: string }>;
}

export class AttemptSeal {
  readonly #secret: SealingSecret;

  constructor(secret: SealingSecret) {
    this.#secret = secret;
  }

  async seal(state: AttemptState): Promise<string> {
    const { current } = await this.#secret.get();
    return sealText(keyOf(current), CONTEXT, JSON.stringify(state));
  }

  /** @returns undefined for a token that this deployment did not make, or made before the secret was replaced twice */
  async open(token: string): Promise<AttemptState | undefined> {
    if (token.length > MAX_TOKEN_CHARACTERS) return undefined;
    const { current, previous } = await this.#secret.get();
    for (const secret of [current, previous]) {
      try {
        if (secret !== undefined) return JSON.parse(openText(keyOf(secret), CONTEXT, token)) as AttemptState;
      } catch {
        // The other key may open it.
      }
    }
    return undefined;
  }
}

function keyOf(secret: string): Buffer {
  return sealingKey(secret, CONTEXT);
}
