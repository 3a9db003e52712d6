/** Checks a path of a caller: it must be plainly inside the project. */
import { cutText, OperationError } from 'mcp-async-operations/operation';

/**
 * @param argument name of the argument for the error
 * @returns the path without `.` and repeated slashes
 * @throws OperationError PATH_REFUSED
 */
export function acceptPath(argument: string, path: string): string {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  const problem = /^([\\/]|[a-zA-Z]:)/.test(path)
    ? 'is absolute'
    : segments.includes('..')
      ? 'contains ".."'
      : path.includes('\\')
        ? 'contains a backslash'
        : /%2e|%2f|%5c/i.test(path)
          ? 'is percent-encoded'
          : /\p{Cc}/u.test(path)
            ? 'contains a control character'
            : segments.length === 0
              ? 'names no file'
              : undefined;
  if (!problem) return segments.join('/');
  throw new OperationError(
    'PATH_REFUSED',
    `${argument}: ${JSON.stringify(cutText(path, 200))} ${problem}. Give a path relative to the project, such as "src/main.ts".`,
  );
}
