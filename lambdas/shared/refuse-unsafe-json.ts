/**
 * Refuses arguments with a property `__proto__`, which schemas drop silently, so that the rest would count as the whole, and
 * arguments that are too deep for the stack.
 */
import { AppError, ErrorCode } from './errors.ts';

/** Levels of objects and lists. Schemas and JSON overflow the stack at some thousands. */
const MAX_DEPTH = 500;

/** @throws AppError INVALID_ARGUMENTS for a value with such a property at any depth, or with too many levels */
export function refuseUnsafeJson(value: unknown): void {
  // Level by level, because recursion would overflow the stack for hostile depths.
  let level = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) throw tooDeep();
    const next: unknown[] = [];
    for (const one of level) {
      if (typeof one !== 'object' || one === null) continue;
      if (Object.hasOwn(one, '__proto__')) throw reserved();
      for (const inner of Object.values(one)) next.push(inner);
    }
    level = next;
  }
}

function tooDeep(): AppError {
  return new AppError(
    ErrorCode.invalidArguments,
    `The arguments have more than ${MAX_DEPTH} levels of objects and lists. Use fewer.`,
  );
}

function reserved(): AppError {
  return new AppError(
    ErrorCode.invalidArguments,
    'The arguments have the name __proto__, which is reserved in JavaScript. Leave it out or choose another name.',
  );
}
