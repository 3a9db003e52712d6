/** Creates the command classes of a service. */
import type { JsonCommand } from './client.ts';

/** @param read changes an output to the types of the SDK. @default unchanged */
export function commandOf(action: string, read?: JsonCommand['read']) {
  return class implements JsonCommand {
    readonly action = action;
    readonly read = read;
    readonly input: object;

    constructor(input: object = {}) {
      this.input = input;
    }
  };
}
