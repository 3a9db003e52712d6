/** Compiles patterns and globs to RE2 automata, which run in linear time. */

import { OperationError } from 'mcp-async-operations/operation';
import { RE2JS, RE2JSException } from 're2js';

/** @returns whether a text contains a match */
export type Test = (text: string) => boolean;

/** @throws OperationError PATTERN_INVALID with the problem */
export function compilePattern(pattern: string, isCaseSensitive: boolean): Test {
  const compiled = compile('pattern', pattern, isCaseSensitive ? 0 : RE2JS.CASE_INSENSITIVE);
  return (text) => compiled.test(text);
}

/** @throws OperationError PATTERN_INVALID */
export function compileGlob(glob: string): Test {
  const isOfName = !glob.includes('/');
  const compiled = compile(
    'glob',
    `^${isOfName ? '(?:.*/)?' : ''}${globToPattern(glob.replace(/^\.?\//, ''))}$`,
    0,
  );
  return (path) => compiled.test(path);
}

function compile(argument: string, pattern: string, flags: number): RE2JS {
  try {
    return RE2JS.compile(pattern, flags);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw new OperationError(
      'PATTERN_INVALID',
      `${argument}: ${error.message}. Use RE2 syntax, without backreferences and lookaround.`,
    );
  }
}

/** `**` crosses directories, `*` and `?` do not. `{a,b}` matches either part, `[a-z]` one of the characters. */
function globToPattern(glob: string): string {
  const token = /\*\*\/|\*\*|\*|\?|\[!?[^\]/]+\]|\{|\}|,|[^*?[{},]|./gsu;
  let depth = 0;
  const parts = [...glob.matchAll(token)].map(([part]) => {
    switch (part) {
      case '**/':
        return '(?:.*/)?';
      case '**':
        return '.*';
      case '*':
        return '[^/]*';
      case '?':
        return '[^/]';
      case '{':
        depth += 1;
        return '(?:';
      case '}':
        if (depth === 0) return '\\}';
        depth -= 1;
        return ')';
      case ',':
        return depth > 0 ? '|' : ',';
    }
    if (part.length > 1 && part.startsWith('[')) {
      return `[${part.slice(1, -1).replace(/^!/, '^').replaceAll('\\', '\\\\').replaceAll('[', '\\[')}]`;
    }
    return RE2JS.quote(part);
  });
  return parts.join('');
}
