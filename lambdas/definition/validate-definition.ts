/** What holds for every definition, whatever does its work: its name, its arguments, and how long callers may wait. */
import type { ExecutionPolicy, OperationFace } from './define-operation.ts';

/** Names that tools, states, folders, log keys and environment variables can all carry. */
export const NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;

/** A minute: the longest of the synchronous limits that callers know. */
const MAX_WAIT_MS = 60_000;
const RESERVED_ARGUMENTS: ReadonlySet<string> = new Set([
  'wait_seconds',
  'idempotency_key',
  'retention_seconds',
]);

/** @throws Error naming the field, the value received and the remedy */
export function checkDefinition({
  name,
  input,
  execution,
}: OperationFace & { readonly execution: ExecutionPolicy }): void {
  if (!NAME.test(name) || name.length > 48) {
    throw new Error(
      `Operation name "${name}" must be snake_case and at most 48 characters, such as "build".`,
    );
  }
  const taken = Object.keys(input.shape).find((field) => RESERVED_ARGUMENTS.has(field));
  if (taken)
    throw new Error(`Operation "${name}" has the input "${taken}", which every start tool has: rename it.`);
  for (const [field, ms] of Object.entries(execution)) {
    if (typeof ms === 'number' && !(ms >= 0 && ms <= MAX_WAIT_MS && ms % 1_000 === 0)) {
      throw new Error(
        `Operation "${name}" has ${field} ${ms}: give whole seconds in milliseconds, at most ${MAX_WAIT_MS}.`,
      );
    }
  }
}
