/** Compiles patterns and globs to RE2 automata, which run in linear time. */

import { OperationError } from 'mcp-async-operations/operation';
import { RE2JS, RE2JSException } from 're2js';
import { translateGlob } from './glob.ts';

/** @returns whether a text contains a match */
export type Test = (text: string) => boolean;

/**
 * Text matches in either Unicode form: macOS writes names decomposed, keyboards write composed characters.
 * @throws OperationError PATTERN_INVALID with the problem
 */
export function compilePattern(pattern: string, isCaseSensitive: boolean): Test {
  const flags = isCaseSensitive ? 0 : RE2JS.CASE_INSENSITIVE;
  const compiled = compile('pattern', pattern, flags);
  const composed = pattern.normalize('NFC');
  const compiledComposed = composed === pattern ? compiled : compile('pattern', composed, flags);
  return (text) => {
    if (compiled.test(text)) return true;
    const composedText = text.normalize('NFC');
    return (composedText !== text || composed !== pattern) && compiledComposed.test(composedText);
  };
}

/** @throws OperationError PATTERN_INVALID */
export function compileGlob(glob: string): Test {
  const { pattern, isNegated } = translateGlob(glob);
  const compiled = compile('glob', pattern, RE2JS.DOTALL);
  return (path) => compiled.test(path.normalize('NFC')) !== isNegated;
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
