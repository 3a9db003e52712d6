/** Numbers the published versions of functions as Lambda does: 1, 2, 3 … for each function. */
export class VersionNumbers {
  /** Logical ids in the order of publication, by function. */
  readonly #published = new Map<string, string[]>();

  /** Returns the number of a version, and publishes it when it is new. @param logicalId of the version in the template */
  numberOf(functionName: string, logicalId: string): number {
    const published = this.#published.get(functionName) ?? [];
    this.#published.set(functionName, published);
    const index = published.indexOf(logicalId);
    return index >= 0 ? index + 1 : published.push(logicalId);
  }
}
