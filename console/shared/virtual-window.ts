/** Computes which rows of a long list a page contains: those in view, some around them, and the one with the focus. */

export interface ListPosition {
  /** Pixels from the top of the view to the top of the list; negative when the list is scrolled. */
  readonly top: number;
  readonly viewHeight: number;
  /** Pixels of each row. */
  readonly rowHeight: number;
  readonly rows: number;
}

/** Rows before and after those in view, so that the keyboard finds the next one. */
const OVERSCAN = 8;

/** @returns the first index, and the index after the last */
export function windowOf({ top, viewHeight, rowHeight, rows }: ListPosition): { start: number; end: number } {
  if (rows <= 0 || !(rowHeight > 0)) return { start: 0, end: 0 };
  const first = Math.floor(-top / rowHeight) - OVERSCAN;
  const last = Math.ceil((viewHeight - top) / rowHeight) + OVERSCAN;
  const start = Math.min(Math.max(first, 0), rows - 1);
  return { start, end: Math.min(Math.max(last, start + 1), rows) };
}

/** @returns the indexes of the rows in the page, in order */
export function rowsOf(position: ListPosition, focused: number | undefined): readonly number[] {
  const { start, end } = windowOf(position);
  const indexes = Array.from({ length: end - start }, (_, index) => start + index);
  if (focused === undefined || focused < 0 || focused >= position.rows) return indexes;
  if (focused < start) return [focused, ...indexes];
  return focused >= end ? [...indexes, focused] : indexes;
}

/** Whether more rows should be loaded: the view is near the end. */
export function isNearEnd({ top, viewHeight, rowHeight, rows }: ListPosition): boolean {
  return top + rows * rowHeight < 2.5 * viewHeight;
}

/** @returns the row that a key moves to; undefined for other keys */
export function rowAfterKey(
  key: string,
  row: number,
  { rows, viewHeight, rowHeight }: ListPosition,
): number | undefined {
  const page = Math.max(1, Math.floor(viewHeight / rowHeight) - 1);
  const moves: Readonly<Record<string, number>> = {
    ArrowDown: row + 1,
    ArrowUp: row - 1,
    PageDown: row + page,
    PageUp: row - page,
    Home: 0,
    End: rows - 1,
  };
  const next = Object.hasOwn(moves, key) ? moves[key] : undefined;
  return next === undefined ? undefined : Math.min(Math.max(next, 0), rows - 1);
}
