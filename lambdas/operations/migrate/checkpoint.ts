/** How far one segment of the table is: a file of the workspace, from which a later attempt goes on. */
import { OperationError } from 'mcp-async-operations/operation';
import type { StepContext } from 'mcp-async-operations/steps';
import type { Item } from './change.ts';
import type { Counts } from './operation.ts';

export interface Progress {
  readonly counts: Counts;
  /** The last item that was dealt with; undefined before the first, and after the last. */
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

  /** @throws OperationError CONFLICT, to be tried again, when another attempt has gone on meanwhile */
  async save(progress: Progress): Promise<void> {
    const { workspace, signal } = this.#context;
    const version = await workspace.replace(this.#key, JSON.stringify(progress), this.#version, signal);
    if (version === undefined) {
      throw new OperationError('CONFLICT', 'Another attempt works on the same items.', { retryable: true });
    }
    this.#version = version;
    this.progress = progress;
  }
}
