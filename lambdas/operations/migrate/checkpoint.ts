/** Stores the progress of one table segment in a workspace file, from which a later attempt continues. */
import { OperationError } from 'mcp-async-operations/operation';
import type { StepContext } from 'mcp-async-operations/steps';
import type { Item } from './change.ts';
import type { Counts } from './operation.ts';

/** The progress of a segment. */
export interface Progress {
  readonly counts: Counts;
  /** Key of the last processed item; undefined before the first item and after the last. */
  readonly after?: Item;
  readonly isDone: boolean;
}

const START: Progress = {
  counts: { scanned: 0, matched: 0, changed: 0, already: 0, conflicts: 0 },
  isDone: false,
};

type Context = Pick<StepContext, 'jobId' | 'workspace' | 'signal'>;

export class Checkpoint {
  readonly #context: Context;
  readonly #key: string;
  #version: string | undefined;
  progress: Progress;

  private constructor(context: Context, key: string, progress: Progress, version: string | undefined) {
    this.#context = context;
    this.#key = key;
    this.progress = progress;
    this.#version = version;
  }

  static async load(context: Context, segment: number): Promise<Checkpoint> {
    const key = `work/${context.jobId}/segment-${segment}.json`;
    const found = await context.workspace.read(key, context.signal);
    return new Checkpoint(context, key, found ? JSON.parse(found.text) : START, found?.version);
  }

  /** @throws OperationError CONFLICT, retryable, when another attempt has saved meanwhile */
  async save(progress: Progress): Promise<void> {
    const { workspace, signal } = this.#context;
    const version = await workspace.replace(this.#key, JSON.stringify(progress), this.#version, signal);
    if (version === undefined) {
      throw new OperationError(
        'CONFLICT',
        'Another attempt is processing the same items. Start the migration again.',
        { retryable: true },
      );
    }
    this.#version = version;
    this.progress = progress;
  }
}
