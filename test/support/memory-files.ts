/** Keeps files of the workspace in memory, and counts the requests that S3 would charge for. */
import type { ListedFile, WorkspaceLinks } from '../../lambdas/workspace/workspace-links.ts';

export class MemoryFiles implements Pick<WorkspaceLinks, 'list' | 'putText' | 'read'> {
  readonly #files = new Map<string, { readonly bytes: Buffer; readonly updatedAt: string }>();
  lists = 0;
  reads = 0;
  /** Keys of the writes, in order. */
  readonly writes: string[] = [];
  /** Fails the writes while it is set. */
  failure: Error | undefined;

  put(key: string, text: string | Buffer, updatedMs = Date.now()): void {
    this.#files.set(key, { bytes: Buffer.from(text), updatedAt: new Date(updatedMs).toISOString() });
  }

  /** Returns the text of the files with a prefix, one after the other. */
  text(prefix: string): string {
    const bytes = this.#keys(prefix).map((key) => this.#files.get(key)?.bytes ?? Buffer.alloc(0));
    return Buffer.concat(bytes).toString();
  }

  async list(
    prefix: string,
    _options?: { readonly signal?: AbortSignal },
  ): Promise<{ readonly files: readonly ListedFile[] }> {
    this.lists += 1;
    const files = this.#keys(prefix).map((key) => {
      const { bytes, updatedAt } = this.#files.get(key) ?? { bytes: '', updatedAt: '' };
      return { key, size: bytes.length, updatedAt };
    });
    return { files };
  }

  async read(key: string, start: number, end: number, _signal?: AbortSignal): Promise<Buffer> {
    this.reads += 1;
    const bytes = this.#files.get(key)?.bytes.subarray(start, end);
    if (bytes?.length !== end - start) throw new Error(`${key} has no bytes ${start} to ${end}.`);
    return bytes;
  }

  async putText(key: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.writes.push(key);
    if (this.failure) throw this.failure;
    this.put(key, Buffer.from(bytes));
  }

  #keys(prefix: string): readonly string[] {
    return [...this.#files.keys()].filter((key) => key.startsWith(prefix)).sort();
  }
}
