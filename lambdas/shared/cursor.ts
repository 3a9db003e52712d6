/** Encodes a position in a list as an opaque text that callers pass back. */
import type * as z from 'zod';
import { AppError, ErrorCode } from './errors.ts';

export class Cursor<Position> {
  readonly #shape: z.ZodType<Position>;
  readonly #refusal: string;

  /**
   * @param shape schema of the positions; `decode` rejects everything else
   * @param refusal message of the error
   */
  constructor(
    shape: z.ZodType<Position>,
    refusal = 'cursor: this list did not return it. Pass next_cursor unchanged, or leave it out to start at the beginning.',
  ) {
    this.#shape = shape;
    this.#refusal = refusal;
  }

  encode(position: Position): string {
    return Buffer.from(JSON.stringify(position)).toString('base64url');
  }

  /** @throws AppError INVALID_CURSOR */
  decode(cursor: string): Position {
    try {
      return this.#shape.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    } catch (cause) {
      throw new AppError(ErrorCode.invalidCursor, this.#refusal, { cause });
    }
  }
}
