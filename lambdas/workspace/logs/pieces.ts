/** Reads a text of several pieces, in memory and in the workspace, as one. Fetches only the requested range. */
import type { StoredObject } from '../../jobs/job.ts';
import type { WorkspaceLinks } from '../workspace-links.ts';

export interface Piece {
  /** Bytes. */
  readonly size: number;
  /** Reads the bytes from `start` up to, not including, `end`; both lie within the piece. */
  read(start: number, end: number): Promise<Buffer>;
}

export function textPiece(text: string): Piece {
  const bytes = Buffer.from(text);
  return { size: bytes.length, read: async (start, end) => bytes.subarray(start, end) };
}

export function filePiece(
  workspace: Pick<WorkspaceLinks, 'read'>,
  { key, size }: Pick<StoredObject, 'key' | 'size'>,
): Piece {
  return { size, read: (start, end) => workspace.read(key, start, end) };
}

export function sizeOf(pieces: readonly Pick<Piece, 'size'>[]): number {
  return pieces.reduce((sum, { size }) => sum + size, 0);
}

export async function readPieces(pieces: readonly Piece[], start: number, end: number): Promise<Buffer> {
  let at = 0;
  const parts = pieces.map(({ size, read }) => {
    const [from, to] = [Math.max(0, start - at), Math.min(size, end - at)];
    at += size;
    return from < to ? read(from, to) : Buffer.alloc(0);
  });
  return Buffer.concat(await Promise.all(parts));
}
