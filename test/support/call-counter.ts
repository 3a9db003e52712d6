/** Counts the calls to AWS that the local cloud receives, by service and action. */

export class CallCounter {
  readonly #counts = new Map<string, number>();

  /** Pass it to the local cloud as `onAwsCall`. */
  readonly count = (service: string, action: string): void => {
    const key = `${service}:${action}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  };

  reset(): void {
    this.#counts.clear();
  }

  /** The calls since the last reset: `{ 'dynamodb:GetItem': 1 }`. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }
}
