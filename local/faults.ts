/** Causes the faults of AWS that tests and drills need: throttles, crashes, lost and refused events. */
import { setTimeout as delay } from 'node:timers/promises';

/**
 * A fault of named resources:
 * - `crashing-function`: each instance crashes as it begins an invocation;
 * - `disabled-rule`: EventBridge drops the events, and does not run the schedule, of a rule;
 * - `expired-records`: a stream drops the records that a function fails for, as it does after a day;
 * - `failing-topic`: SNS fails to publish to it;
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
  | 'expired-records'
  | 'failing-topic'
  | 'refused-rule'
  | 'rejecting-queue'
  | 'slow-table'
  | 'stopped-consumer'
  | 'throttled-function'
  | 'throttled-table';

/** Longer than callers like to wait, and shorter than the SDK waits. */
const SLOW_MS = 3_500;

interface ActiveFault {
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
  cause(fault: Fault, prefix: string): () => void {
    const active = { fault, prefix, ended: Promise.withResolvers<void>() };
    this.#active.add(active);
    return () => {
      this.#active.delete(active);
      active.ended.resolve();
    };
  }

  isActive(fault: Fault, name: string): boolean {
    return this.#find(fault, name) !== undefined;
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
