/** Causes the faults of AWS that tests and drills need: throttles, crashes, lost and refused events. */

/**
 * A fault of named resources:
 * - `crashing-function`: each instance crashes as it begins an invocation;
 * - `disabled-rule`: EventBridge drops the events, and does not run the schedule, of a rule;
 * - `refused-rule`: the targets of a rule refuse its events, as without a permission;
 * - `stopped-consumer`: the event source mappings of a function read nothing, as when they are disabled;
 * - `throttled-function`: Lambda has no concurrency for it. Its own queues wait until the fault ends;
 * - `throttled-table`: DynamoDB throttles each request.
 */
export type Fault =
  | 'crashing-function'
  | 'disabled-rule'
  | 'refused-rule'
  | 'stopped-consumer'
  | 'throttled-function'
  | 'throttled-table';

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

  /** Ends all faults. */
  close(): void {
    for (const { ended } of this.#active) ended.resolve();
    this.#active.clear();
  }

  #find(fault: Fault, name: string): ActiveFault | undefined {
    return [...this.#active].find((active) => active.fault === fault && name.startsWith(active.prefix));
  }
}
