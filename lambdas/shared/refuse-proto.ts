/** Refuses arguments with a property `__proto__`: schemas drop it silently, and so the rest would count as the whole. */
import { AppError, ErrorCode } from './errors.ts';

/** @throws AppError INVALID_ARGUMENTS for a value with such a property at any depth */
export function refuseProto(value: unknown): void {
  // A list of what is left, because recursion would overflow the stack for hostile depths.
  const left = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next !== 'object' || next === null) continue;
    if (Object.hasOwn(next, '__proto__')) throw reserved();
    for (const inner of Object.values(next)) left.push(inner);
  }
}

function reserved(): AppError {
  return new AppError(
    ErrorCode.invalidArguments,
    'The arguments have the name __proto__, which is reserved in JavaScript. Leave it out or choose another name.',
  );
}
