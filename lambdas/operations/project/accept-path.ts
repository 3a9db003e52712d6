/** A path that a caller gives: plainly inside the project, or refused. */
import { OperationError } from 'mcp-async-operations/operation';

/**
 * @param argument its name, for the refusal
 * @returns the path without `.` and doubled slashes. @throws OperationError PATH_REFUSED
 */
export function acceptPath(argument: string, path: string): string {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  const problem = /^([\\/]|[a-zA-Z]:)/.test(path)
    ? 'is absolute'
    : segments.includes('..')
      ? 'has ".."'
      : path.includes('\\')
        ? 'has a backslash'
        : /%2e|%2f|%5c/i.test(path)
          ? 'is encoded'
          : /\p{Cc}/u.test(path)
            ? 'has a control character'
            : segments.length === 0
              ? 'names no file'
              : undefined;
  if (!problem) return segments.join('/');
  throw new OperationError(
    'PATH_REFUSED',
    `${argument}: ${JSON.stringify(path.slice(0, 200))} ${problem}. Give a path relative to the project, such as "src/main.ts".`,
  );
}
