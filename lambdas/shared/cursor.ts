/** Cursors: a position in a listing, as text that callers hand back without reading it. */
import type * as z from 'zod';
import { AppError, ErrorCode } from './errors.ts';

export class Cursor<Position> {
  readonly #shape: z.ZodType<Position>;

  /** @param shape of the positions; whatever else a caller makes up is refused. */
  constructor(shape: z.ZodType<Position>) {
    this.#shape = shape;
  }

  encode(position: Position): string {
    return Buffer.from(JSON.stringify(position)).toString('base64url');
  }

  /** @throws AppError INVALID_CURSOR */
  decode(cursor: string): Position {
    try {
      return this.#shape.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    } catch (cause) {
      throw new AppError(
        ErrorCode.invalidCursor,
        'cursor: not one that this listing gave. Pass next_cursor as it is, or leave it out to begin again.',
        { cause },
      );
    }
  }
}
