/** What a function's worker and the pool that owns it say to each other. */

/** How Lambda describes a failed invocation. */
export interface FunctionFailure {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

/** Given to a worker at its birth. */
export interface WorkerSetup {
  /** The unpacked code. */
  readonly codeDirectory: string;
  /** `file.export` */
  readonly handler: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMb: number;
  /** Where V8 keeps compiled code for the next worker. @default nowhere */
  readonly compileCacheDirectory?: string;
}

export type ToWorker =
  | {
      readonly type: 'invoke';
      readonly requestId: string;
      readonly payload: string;
      readonly deadlineMs: number;
    }
  /** The last chunk has been passed on: send the next. */
  | { readonly type: 'chunk-taken' }
  | { readonly type: 'shutdown' };

export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'chunk'; readonly data: Uint8Array }
  /** JSON text, or nothing after a streamed response. */
  | { readonly type: 'done'; readonly payload: string }
  | { readonly type: 'failed'; readonly failure: FunctionFailure };
