/** Throttles the actions of the Step Functions API with the token buckets of AWS. */
import { AwsError } from '../shared/aws-json.ts';

interface Quota {
  readonly bucket: number;
  /** Tokens per second. */
  readonly refill: number;
}

/**
 * Quotas of an account in the smaller regions. Step Functions Developer Guide, "Quotas related to API action throttling".
 * StartSyncExecution has none.
 */
const QUOTAS: Readonly<Record<string, Quota>> = {
  DescribeExecution: { bucket: 250, refill: 10 },
  DescribeStateMachineForExecution: { bucket: 200, refill: 1 },
  GetExecutionHistory: { bucket: 400, refill: 20 },
  ListExecutions: { bucket: 100, refill: 2 },
  SendTaskFailure: { bucket: 1_500, refill: 300 },
  SendTaskSuccess: { bucket: 1_500, refill: 300 },
  StartExecution: { bucket: 800, refill: 150 },
  StopExecution: { bucket: 500, refill: 25 },
};

export class ApiQuotas {
  readonly #now: () => number;
  readonly #onThrottle: ((action: string) => void) | undefined;
  /** Tokens by action, and their time in milliseconds. */
  readonly #buckets = new Map<string, { readonly tokens: number; readonly at: number }>();
  /** Decides by action which calls are throttled besides. */
  readonly #throttled = new Map<string, () => boolean>();

  /**
   * @param now milliseconds @default performance.now
   * @param onThrottle receives the action of each throttled call @default not called
   */
  constructor(now: () => number = () => performance.now(), onThrottle?: (action: string) => void) {
    this.#now = now;
    this.#onThrottle = onThrottle;
  }

  /** Takes a token. @throws AwsError ThrottlingException when the bucket is empty */
  take(action: string): void {
    const quota = QUOTAS[action];
    if (!quota) return;
    const now = this.#now();
    const { tokens, at } = this.#buckets.get(action) ?? { tokens: quota.bucket, at: now };
    const available = Math.min(quota.bucket, tokens + ((now - at) / 1000) * quota.refill);
    const isTaken = available >= 1 && !this.#throttled.get(action)?.();
    this.#buckets.set(action, { tokens: isTaken ? available - 1 : available, at: now });
    if (isTaken) return;
    this.#onThrottle?.(action);
    throw new AwsError('ThrottlingException', 'Rate exceeded');
  }

  /**
   * Throttles calls of an action.
   * @param isThrottled decides for each call @default every call
   * @returns a function that ends it
   */
  throttle(action: string, isThrottled: () => boolean = () => true): () => void {
    this.#throttled.set(action, isThrottled);
    return () => void this.#throttled.delete(action);
  }
}
