/** What holds for every definition, whatever does its work: its name, its arguments, and how long callers may wait. */
import { JOB_ARGUMENTS } from './job-arguments.ts';
import type { ExecutionPolicy, OperationBase } from './operation-definition.ts';

/** Names that tools, states, folders, log keys and environment variables can all carry. */
export const NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;

/** A minute: the longest of the synchronous limits that callers know. */
const MAX_WAIT_MS = 60_000;

/** @throws Error naming the field, the value received and the remedy */
export function checkDefinition({
  name,
  input,
  execution,
}: OperationBase & { readonly execution: ExecutionPolicy }): void {
  if (!NAME.test(name) || name.length > 48) {
    throw new Error(
      `Operation name "${name}" must be snake_case and at most 48 characters, such as "build".`,
    );
  }
  const reserved = JOB_ARGUMENTS.find((argument) => Object.hasOwn(input.shape, argument));
  if (reserved) {
    throw new Error(
      `Operation "${name}" has the input "${reserved}", an argument that every start tool has: rename it.`,
    );
  }
  for (const [field, ms] of Object.entries(execution)) {
    if (typeof ms === 'number' && !(ms >= 0 && ms <= MAX_WAIT_MS && ms % 1_000 === 0)) {
      throw new Error(
        `Operation "${name}" has ${field} ${ms}: give whole seconds in milliseconds, at most ${MAX_WAIT_MS}.`,
      );
    }
  }
}
