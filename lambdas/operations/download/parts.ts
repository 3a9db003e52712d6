/** Stores a file in parts as it arrives, with a record from which a later attempt continues. */
import { writeFile } from 'node:fs/promises';
import { formatBytes, OperationError } from 'mcp-async-operations/operation';
import type { StepContext } from 'mcp-async-operations/steps';
import { sourceLimits } from '../project/source-limits.ts';

/** Small enough to fetch again after a failure, large enough to keep the number of uploads low. */
const PART_BYTES = 8 * 1024 * 1024;

/** One version of the file, as the server described it. */
export interface Version {
  /** Bytes; absent when the server sent no length. */
  readonly size?: number;
  /** Strong ETag, which identifies one version exactly. */
  readonly etag?: string;
}

/** The parts that are in the workspace, and the version that they belong to. */
interface Stored extends Version {
  readonly parts: number;
  readonly isComplete: boolean;
}

type Context = Pick<StepContext, 'jobId' | 'workspace' | 'signal'>;

export class Parts {
  readonly #context: Context;
  /** Path of a local file for one part. */
  readonly #file: string;
  #recordVersion: string | undefined;
  #stored: Stored;
  /** What has arrived of the next part. */
  #chunks: Buffer[] = [];
  #bytes = 0;

  private constructor(context: Context, file: string, stored: Stored, recordVersion: string | undefined) {
    this.#context = context;
    this.#file = file;
    this.#stored = stored;
    this.#recordVersion = recordVersion;
  }

  static async load(context: Context, file: string): Promise<Parts> {
    const found = await context.workspace.read(recordKey(context.jobId), context.signal);
    const stored = found ? JSON.parse(found.text) : { parts: 0, isComplete: false };
    return new Parts(context, file, stored, found?.version);
  }

  get stored(): Stored {
    return this.#stored;
  }

  /** Bytes so far. */
  get size(): number {
    return this.#stored.parts * PART_BYTES + this.#bytes;
  }

  /** Starts over, for a version of the file. */
  async restart(version: Version): Promise<void> {
    this.#chunks = [];
    this.#bytes = 0;
    await this.#save({ ...version, parts: 0, isComplete: false });
  }

  /** @throws OperationError SOURCE_TOO_LARGE at the first excess byte, because a server can send a wrong length */
  async add(chunk: Buffer): Promise<void> {
    if (this.size + chunk.length > sourceLimits.compressedBytes) throw tooLarge();
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    while (this.#bytes >= PART_BYTES) await this.#store(PART_BYTES);
  }

  /** Stores the rest. */
  async complete(): Promise<void> {
    if (this.#bytes > 0) await this.#store(this.#bytes);
    await this.#save({ ...this.#stored, isComplete: true });
  }

  async #store(bytes: number): Promise<void> {
    const { jobId, workspace, signal } = this.#context;
    const { parts } = this.#stored;
    const arrived = Buffer.concat(this.#chunks);
    await writeFile(this.#file, arrived.subarray(0, bytes));
    await workspace.upload(partKey(jobId, parts), this.#file, {
      signal,
      contentType: 'application/octet-stream',
    });
    this.#chunks = [arrived.subarray(bytes)];
    this.#bytes -= bytes;
    await this.#save({ ...this.#stored, parts: parts + 1 });
  }

  /** @throws OperationError CONFLICT, retryable, when another attempt has saved meanwhile */
  async #save(stored: Stored): Promise<void> {
    const { jobId, workspace, signal } = this.#context;
    const text = JSON.stringify(stored);
    const version = await workspace.replace(recordKey(jobId), text, this.#recordVersion, signal);
    if (version === undefined) {
      throw new OperationError('CONFLICT', 'Another attempt fetches the same file. Try again later.', {
        retryable: true,
      });
    }
    this.#recordVersion = version;
    this.#stored = stored;
  }
}

function recordKey(jobId: string): string {
  return `work/${jobId}/parts.json`;
}

export function partKey(jobId: string, index: number): string {
  return `work/${jobId}/part-${index}`;
}

export function tooLarge(): OperationError {
  return new OperationError(
    'SOURCE_TOO_LARGE',
    `url: the file exceeds ${formatBytes(sourceLimits.compressedBytes)}, the limit of a source archive. Give a smaller one.`,
    { details: { limit_bytes: sourceLimits.compressedBytes } },
  );
}
