/** Refuses arguments with a property `__proto__`: schemas drop it silently, and so the rest would count as the whole. */
import { AppError, ErrorCode } from './errors.ts';

/** @throws AppError INVALID_ARGUMENTS for JSON with such a property at any depth */
export function refuseProto(value: unknown): void {
  // Within a text, its quotes would be escaped.
  if (!JSON.stringify(value ?? null).includes('"__proto__":')) return;
  throw new AppError(
    ErrorCode.invalidArguments,
    'The arguments have the name __proto__, which is reserved in JavaScript. Leave it out or choose another name.',
  );
}
