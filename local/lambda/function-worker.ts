/** Runs Lambda's Node.js runtime in a worker thread: loads the handler and runs one invocation after another. */
import { existsSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { arn } from '../shared/aws-names.ts';
import type { FromWorker, FunctionFailure, ToWorker, WorkerSetup } from './function-protocol.ts';

type Handler = (event: unknown, ...rest: unknown[]) => unknown;
type Invocation = Extract<ToWorker, { type: 'invoke' }>;

/** Workers share the clock of the process. */
const STARTED_MS = performance.now();
const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const setup = workerData as WorkerSetup;
let chunkTaken: (() => void) | undefined;

function send(message: FromWorker): void {
  parentPort?.postMessage(message);
}

/**
 * Sends what the function prints in one message, before its response. Node.js itself acknowledges each write, and takes a tenth of
 * a short invocation for a line.
 */
function sendPrinted(stream: 'stdout' | 'stderr'): void {
  const decoder = new StringDecoder();
  Object.assign(process[stream], {
    _writev(writes: readonly { readonly chunk: string | Uint8Array }[], done: () => void) {
      const texts = writes.map(({ chunk }) =>
        typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk)),
      );
      send({ type: 'text', stream, text: texts.join('') });
      done();
    },
  });
}

sendPrinted('stdout');
sendPrinted('stderr');

/** Bytes of a response on their way to its reader, as in the buffer of a connection. */
const WINDOW_BYTES = 16 * 1024;

/** Forwards each chunk as it is written. With a full window, accepts the next when the reader has received all. */
class ResponseStream extends Writable {
  #prelude: Buffer | undefined;
  #sentBytes = 0;

  /** Sends the prelude with the first write, like Lambda's runtime. */
  setPrelude(metadata: unknown): void {
    this.#prelude = Buffer.concat([Buffer.from(JSON.stringify(metadata)), Buffer.alloc(8)]);
  }

  setContentType(): void {
    // Only function URLs use it.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const data = this.#prelude ? Buffer.concat([this.#prelude, chunk]) : chunk;
    this.#prelude = undefined;
    this.#sentBytes += data.length;
    const fillsWindow = this.#sentBytes >= WINDOW_BYTES;
    if (fillsWindow) {
      this.#sentBytes = 0;
      chunkTaken = done;
    }
    send({ type: 'chunk', data, fillsWindow });
    if (!fillsWindow) done();
  }
}

Object.assign(globalThis, {
  awslambda: {
    streamifyResponse: (handler: Handler) => Object.assign(handler, { [STREAMING]: 'response' }),
    HttpResponseStream: {
      from(stream: ResponseStream, metadata: unknown) {
        stream.setPrelude(metadata);
        return stream;
      },
    },
  },
});

/** @throws FunctionFailure with Lambda's error types and messages */
async function loadHandler(): Promise<Handler> {
  const [file = '', name = ''] = setup.handler.split('.');
  const path = ['mjs', 'js', 'cjs']
    .map((ext) => join(setup.codeDirectory, `${file}.${ext}`))
    .find(existsSync);
  if (!path) throw failure('Runtime.ImportModuleError', `Error: Cannot find module '${file}'`);
  let module: Record<string, unknown>;
  try {
    module = await import(pathToFileURL(path).href);
    // Flush during loading, because a terminated worker writes nothing.
    flushCompileCache();
  } catch (error) {
    const { name, message } = error as Error;
    const type = error instanceof SyntaxError ? 'Runtime.UserCodeSyntaxError' : 'Runtime.ImportModuleError';
    throw failure(type, `${name}: ${message}`, (error as Error).stack);
  }
  const handler = module[name] ?? (module.default as Record<string, unknown> | undefined)?.[name];
  if (typeof handler !== 'function') {
    throw failure('Runtime.HandlerNotFound', `${setup.handler} is undefined or not exported`);
  }
  return handler as Handler;
}

function failure(errorType: string, errorMessage: string, stack?: string): FunctionFailure {
  return { errorType, errorMessage, trace: stack?.split('\n') ?? [] };
}

async function invoke(handler: Handler, { requestId, payload, deadlineMs }: Invocation): Promise<string> {
  const context = {
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName: setup.functionName,
    functionVersion: setup.functionVersion,
    invokedFunctionArn: setup.functionArn,
    logGroupName: `/aws/lambda/${setup.functionName}`,
    logStreamName: arn('logs', setup.functionName),
    memoryLimitInMB: String(setup.memoryMb),
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
  };
  const event = JSON.parse(payload);
  if (!(STREAMING in handler)) return JSON.stringify((await handler(event, context)) ?? null);
  const stream = new ResponseStream();
  await handler(event, stream, context);
  if (!stream.writableEnded) throw new Error('Response stream is not finished.');
  return '';
}

let isFirst = true;
const loading = loadHandler();
loading.then(
  () => send({ type: 'ready' }),
  (failure: FunctionFailure) => send({ type: 'failed', failure }),
);

parentPort?.on('message', async (message: ToWorker) => {
  if (message.type === 'chunk-taken') return chunkTaken?.();
  if (message.type === 'shutdown') {
    // AWS also sends SIGTERM. A listener gets the time that the parent allows.
    if (!process.emit('SIGTERM')) process.exit(0);
    return;
  }
  // Lambda bills the load of the code with the first invocation.
  const beganMs = isFirst ? STARTED_MS : performance.now();
  isFirst = false;
  const billedMs = () => performance.now() - beganMs;
  try {
    send({ type: 'done', payload: await invoke(await loading, message), billedMs: billedMs() });
  } catch (error) {
    send({ type: 'failed', failure: describe(error), billedMs: billedMs() });
  }
});

/** Describes a thrown value, which may not be an Error, as Lambda reports it. */
function describe(thrown: unknown): FunctionFailure {
  if (thrown instanceof Error) return failure(thrown.name, thrown.message, thrown.stack);
  return failure(typeof thrown, String(thrown));
}
