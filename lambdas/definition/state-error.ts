/** Passes JSON from a function to its state in the message of an error, and reads it from the cause that the state catches. */
import type { Json } from '../shared/json.ts';
import { ThrownResult } from '../shared/observability/thrown-result.ts';
import { toJson } from '../shared/well-formed.ts';

/** Step Functions cuts off a longer cause. */
export const MAX_CAUSE_CHARACTERS = 32_768;

/**
 * An error that a state catches by its name, with JSON as its message. It has no stack: Lambda would put it into the cause as
 * well, with the message once more.
 */
export abstract class StateError extends ThrownResult {
  protected constructor(message: string) {
    super(message);
    // Not undefined: Lambda's runtime reads it as a text.
    this.stack = '';
  }
}

/** @returns whether the cause of an error with this message stays below the limit; a character counts with all its bytes */
export function fitsCause(errorType: string, message: unknown): boolean {
  // As Lambda's runtime for Node.js writes it; the limit is in characters, and bytes are never fewer.
  const cause = JSON.stringify({ errorType, errorMessage: toJson(message), trace: [''] });
  return Buffer.byteLength(cause) <= MAX_CAUSE_CHARACTERS;
}

/** @returns the JSON of a StateError; undefined when the cause was cut off or comes from another error */
export function readCause(cause: string): Json | undefined {
  try {
    return JSON.parse(JSON.parse(cause).errorMessage);
  } catch {
    return undefined;
  }
}
