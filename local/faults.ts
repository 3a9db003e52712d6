/** Causes the faults of AWS that tests and drills need: throttles, crashes, lost and refused events. */
import { setTimeout as delay } from 'node:timers/promises';

/**
 * A fault of named resources:
 * - `crashing-function`: each instance crashes as it begins an invocation;
 * - `duplicated-messages`: a queue delivers a batch once more, some time later and in another order;
 * - `duplicated-records`: a stream goes back to an earlier position, and delivers its batches again;
 * - `disabled-rule`: EventBridge drops the events, and does not run the schedule, of a rule;
 * - `expired-records`: a stream drops the records that a function fails for, as it does after a day;
 * - `failing-topic`: SNS fails to publish to it;
 * - `killed-invocation`: an instance dies at a random moment of an invocation;
 * - `late-messages`: a batch of a queue is delivered some seconds later, behind others;
 * - `refused-rule`: the targets of a rule refuse its events, as without a permission;
 * - `rejecting-queue`: SQS rejects each message that is sent to it in a batch;
 * - `slow-table`: DynamoDB takes some seconds for each request;
 * - `stopped-consumer`: the event source mappings of a function read nothing, as when they are disabled;
 * - `throttled-function`: Lambda has no concurrency for it. Its own queues wait until the fault ends;
 * - `throttled-table`: DynamoDB throttles each request.
 */
export type Fault =
  | 'crashing-function'
  | 'disabled-rule'
  | 'duplicated-messages'
  | 'duplicated-records'
  | 'expired-records'
  | 'failing-topic'
  | 'killed-invocation'
  | 'late-messages'
  | 'refused-rule'
  | 'rejecting-queue'
  | 'slow-table'
  | 'stopped-consumer'
  | 'throttled-function'
  | 'throttled-table';

/** Most invocations take as long. One that ends before lives. */
const LONGEST_LIFE_MS = 60;
/** Longer than callers like to wait, and shorter than the SDK waits. */
const SLOW_MS = 3_500;

export interface FaultOptions {
  /** The share of requests, batches or invocations that have the fault, 0..1. Only `strikes` and `killOf` use it. @default 1 */
  readonly share?: number;
  /** Returns numbers from 0 to 1 that decide which ones: those of a seed repeat the choice. @default Math.random */
  readonly random?: () => number;
  /** Receives each resource that is hit; for an invocation, also its payload. @default not called */
  readonly onStrike?: (name: string, payload?: string) => void;
}

interface ActiveFault extends FaultOptions {
  readonly fault: Fault;
  readonly prefix: string;
  readonly ended: PromiseWithResolvers<void>;
}

export class Faults {
  readonly #active = new Set<ActiveFault>();

  /**
   * @param prefix of the names of the resources: logical ids, when the template does not name them
   * @returns a function that ends the fault
   */
  cause(fault: Fault, prefix: string, options: FaultOptions = {}): () => void {
    const active = { ...options, fault, prefix, ended: Promise.withResolvers<void>() };
    this.#active.add(active);
    return () => {
      this.#active.delete(active);
      active.ended.resolve();
    };
  }

  isActive(fault: Fault, name: string): boolean {
    return this.#find(fault, name) !== undefined;
  }

  /** Returns whether a fault hits what happens now: at random when the fault has a share. */
  strikes(fault: Fault, name: string): boolean {
    const found = this.#find(fault, name);
    if (!found || !isHit(found)) return false;
    found.onStrike?.(name);
    return true;
  }

  /**
   * Returns when to kill the instance of an invocation that begins, and the function to call; undefined when it lives.
   * @param payload of the invocation
   */
  killOf(
    name: string,
    payload: string,
  ): { readonly afterMs: number; readonly onKilled: () => void } | undefined {
    const found = this.#find('killed-invocation', name);
    if (!found || !isHit(found)) return undefined;
    const { random = Math.random, onStrike } = found;
    return { afterMs: random() * LONGEST_LIFE_MS, onKilled: () => onStrike?.(name, payload) };
  }

  /** Resolves when the resource does not have the fault. */
  async end(fault: Fault, name: string): Promise<void> {
    for (let found = this.#find(fault, name); found; found = this.#find(fault, name))
      await found.ended.promise;
  }

  /** Waits as long as a request to a slow table takes more than usual. */
  async slowDown(tableName: string): Promise<void> {
    if (this.isActive('slow-table', tableName)) await delay(SLOW_MS);
  }

  /** Ends all faults. */
  close(): void {
    for (const { ended } of this.#active) ended.resolve();
    this.#active.clear();
  }

  #find(fault: Fault, name: string): ActiveFault | undefined {
    return [...this.#active].find((active) => active.fault === fault && name.startsWith(active.prefix));
  }
}

function isHit({ share = 1, random = Math.random }: FaultOptions): boolean {
  return share >= 1 || random() < share;
}
