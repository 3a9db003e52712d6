/** Waits until a stream takes more. */
import type { Writable } from 'node:stream';

/** Resolves when the stream takes more, at once if it does now; also when it is closed, and takes nothing. */
export async function drained(stream: Writable): Promise<void> {
  if (!stream.writableNeedDrain) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
  });
}
