/** Searches one file line by line, and returns each match with its context lines. */
import { isUtf8 } from 'node:buffer';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { cutText } from 'mcp-async-operations/operation';
import type { Match } from './operation.ts';
import type { Test } from './pattern.ts';

const MAX_LINE_CHARACTERS = 500;
/** Longest time without a yield to the event loop, which runs timeouts, cancellations and heartbeats. */
const YIELD_INTERVAL_MS = 50;

/** @returns the text; undefined for bytes that are not text */
export function asText(bytes: Buffer): string | undefined {
  return bytes.includes(0) || !isUtf8(bytes) ? undefined : bytes.toString().replace(/^\uFEFF/, '');
}

/** @param signal stops the search between two lines. @throws the signal's reason */
export async function* searchText(
  file: string,
  text: string,
  test: Test,
  context: number,
  signal: AbortSignal,
): AsyncGenerator<Match> {
  const lines = text.split(/\r?\n/);
  // A newline ends a line; none begins after the last.
  if (lines.at(-1) === '') lines.pop();
  let yieldAt = Date.now() + YIELD_INTERVAL_MS;
  for (const [index, line] of lines.entries()) {
    if (Date.now() >= yieldAt) {
      await yieldToEventLoop();
      signal.throwIfAborted();
      yieldAt = Date.now() + YIELD_INTERVAL_MS;
    }
    if (!test(line)) continue;
    yield {
      file,
      line: index + 1,
      text: cut(line),
      ...(context > 0 && {
        before: lines.slice(Math.max(0, index - context), index).map(cut),
        after: lines.slice(index + 1, index + 1 + context).map(cut),
      }),
    };
  }
}

function cut(line: string): string {
  return line.length > MAX_LINE_CHARACTERS ? `${cutText(line, MAX_LINE_CHARACTERS)}…` : line;
}
