/** Defines the messages between a function's worker and its instance pool. */

/** A failed invocation, as Lambda describes it. */
export interface FunctionFailure {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

/** The data that a worker starts with. */
export interface WorkerSetup {
  /** Directory of the unpacked code. */
  readonly codeDirectory: string;
  /** `file.export` */
  readonly handler: string;
  readonly functionName: string;
  /** `$LATEST`, or the number of a published version. */
  readonly functionVersion: string;
  /** ARN with the number of a published version. */
  readonly functionArn: string;
  readonly memoryMb: number;
  /** Directory in which V8 caches compiled code for the next worker. @default no cache */
  readonly compileCacheDirectory?: string;
}

export type ToWorker =
  | {
      readonly type: 'invoke';
      readonly requestId: string;
      readonly payload: string;
      readonly deadlineMs: number;
    }
  /** The chunk that filled the window was forwarded: send the next. */
  | { readonly type: 'chunk-taken' }
  | { readonly type: 'shutdown' };

export type FromWorker =
  | { readonly type: 'ready' }
  /** What the function has printed: any part of its lines. */
  | { readonly type: 'text'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  /** When it fills the window, the worker waits for `chunk-taken`. */
  | { readonly type: 'chunk'; readonly data: Uint8Array; readonly fillsWindow: boolean }
  /** JSON text, or nothing after a streamed response; and the milliseconds that Lambda would bill. */
  | { readonly type: 'done'; readonly payload: string; readonly billedMs: number }
  /** Without `billedMs` the code did not load. */
  | { readonly type: 'failed'; readonly failure: FunctionFailure; readonly billedMs?: number };
