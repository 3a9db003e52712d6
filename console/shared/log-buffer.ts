/**
 * Keeps the end of a log for display, whatever its size: lines in blocks that never change once they are full, so that a page
 * renders only the last one. Long lines are cut, and the oldest blocks go.
 */

export interface LogLine {
  /** Counts the lines of the log as it was read. */
  readonly number: number;
  readonly text: string;
  /** Characters that are not shown. */
  readonly cut: number;
}

export interface LogBlock {
  readonly id: number;
  readonly lines: readonly LogLine[];
}

export interface LogState {
  readonly blocks: readonly LogBlock[];
  /** The last line, while its end has not been read. */
  readonly open: { readonly text: string; readonly length: number };
  /** Lines that went. */
  readonly dropped: number;
  readonly lines: number;
  readonly characters: number;
}

export const EMPTY_LOG: LogState = {
  blocks: [],
  open: { text: '', length: 0 },
  dropped: 0,
  lines: 0,
  characters: 0,
};

const BLOCK_LINES = 100;
const MAX_LINES = 5_000;
const MAX_CHARACTERS = 1_000_000;
/** Longer lines are read in the file. */
export const MAX_LINE = 2_000;

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals interpret these sequences, and a page would show them
const ESCAPES = /\u001b(\[[0-9;?]*[A-Za-z]|\][^\u0007]*\u0007)/g;

/** Adds text to the end. The time depends on the text, and not on what was read before. */
export function appendLog(state: LogState, text: string): LogState {
  let { open } = state;
  const added: LogLine[] = [];
  let number = state.dropped + state.lines;
  let start = 0;
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
    added.push(lineOf(extend(open, text, start, end), number++));
    open = EMPTY_LOG.open;
    start = end + 1;
  }
  open = extend(open, text, start, text.length);
  return bound(addLines({ ...state, open }, added));
}

/** @returns every line, with the one whose end has not been read */
export function openLine({ open, dropped, lines }: LogState): LogLine | undefined {
  return open.length > 0 ? lineOf(open, dropped + lines) : undefined;
}

/** Keeps no more of a line than is shown, and a little more, because of escape sequences. */
function extend(open: LogState['open'], text: string, start: number, end: number): LogState['open'] {
  const room = 2 * MAX_LINE - open.text.length;
  return {
    text: room > 0 ? open.text + text.slice(start, Math.min(end, start + room)) : open.text,
    length: open.length + end - start,
  };
}

function lineOf({ text, length }: LogState['open'], number: number): LogLine {
  const plain = text.replace(/\r$/, '').replace(ESCAPES, '');
  const shown = plain.slice(0, MAX_LINE);
  const isCut = shown.length < plain.length || length > text.length;
  return { number, text: shown, cut: isCut ? length - shown.length : 0 };
}

function addLines(state: LogState, added: readonly LogLine[]): LogState {
  if (added.length === 0) return state;
  const blocks = [...state.blocks];
  let rest = added;
  const last = blocks.at(-1);
  if (last && last.lines.length < BLOCK_LINES) {
    const room = BLOCK_LINES - last.lines.length;
    blocks[blocks.length - 1] = { id: last.id, lines: [...last.lines, ...rest.slice(0, room)] };
    rest = rest.slice(room);
  }
  for (let index = 0; index < rest.length; index += BLOCK_LINES) {
    const lines = rest.slice(index, index + BLOCK_LINES);
    blocks.push({ id: lines[0]?.number ?? 0, lines });
  }
  return {
    ...state,
    blocks,
    lines: state.lines + added.length,
    characters: state.characters + charactersOf(added),
  };
}

function bound(state: LogState): LogState {
  let { lines, characters, dropped } = state;
  let first = 0;
  while ((lines > MAX_LINES || characters > MAX_CHARACTERS) && first < state.blocks.length - 1) {
    const gone = state.blocks[first]?.lines ?? [];
    lines -= gone.length;
    dropped += gone.length;
    characters -= charactersOf(gone);
    first += 1;
  }
  return first === 0 ? state : { ...state, blocks: state.blocks.slice(first), lines, characters, dropped };
}

function charactersOf(lines: readonly LogLine[]): number {
  return lines.reduce((sum, { text }) => sum + text.length + 1, 0);
}

/** What a line introduces: the log of a step, or a later attempt; undefined for what the step printed. */
export function headingOf(text: string): 'step' | 'attempt' | undefined {
  if (/^== .{1,64} ==$/.test(text)) return 'step';
  return /^-- attempt \d{1,4} --$/.test(text) ? 'attempt' : undefined;
}
