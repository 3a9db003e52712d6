/** What is searched for and where, compiled to automata that take time by the length of what they read, and no more. */

import { OperationError } from 'mcp-async-operations/operation';
import { RE2JS, RE2JSException } from 're2js';

/** Tells whether a text has a match in it. */
export type Test = (text: string) => boolean;

/** @throws OperationError PATTERN_INVALID naming what is wrong with it */
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
      `${argument}: ${error.message}. Use the syntax of RE2, without backreferences and lookaround.`,
    );
  }
}

/** `**` crosses directories, `*` and `?` do not; `{a,b}` is either; `[a-z]` is one of these. */
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
