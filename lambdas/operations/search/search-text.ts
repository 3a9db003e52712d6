/** Searches one file: line by line, with the lines around each match. */
import { isUtf8 } from 'node:buffer';
import { setImmediate as turn } from 'node:timers/promises';
import type { Match } from './operation.ts';
import type { Test } from './pattern.ts';

const MAX_LINE_CHARACTERS = 500;
/** Between turns of the event loop, where limits, cancellations and heartbeats are heard. */
const TURN_MS = 50;

/** @returns undefined for what is no text */
export function asText(bytes: Buffer): string | undefined {
  return bytes.includes(0) || !isUtf8(bytes) ? undefined : bytes.toString().replace(/^\uFEFF/, '');
}

/** @param signal ends it between two lines. @throws the signal's reason */
export async function* searchText(
  file: string,
  text: string,
  test: Test,
  context: number,
  signal: AbortSignal,
): AsyncGenerator<Match> {
  const lines = text.split(/\r?\n/);
  let turnAt = Date.now() + TURN_MS;
  for (const [index, line] of lines.entries()) {
    if (Date.now() >= turnAt) {
      await turn();
      signal.throwIfAborted();
      turnAt = Date.now() + TURN_MS;
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
  return line.length > MAX_LINE_CHARACTERS ? `${line.slice(0, MAX_LINE_CHARACTERS)}…` : line;
}
