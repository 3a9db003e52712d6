/** Runs a function in a process of its own, on request of its parent: imports the bundle, then handles one event after another. */
import { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';

type Handler = (event: unknown, ...rest: unknown[]) => Promise<unknown>;

/** What the parent asks for. */
export type ToFunction = { readonly bundle: string } | { readonly event: unknown };

/** What a request took. */
export interface FromFunction {
  readonly ms: number;
  readonly cpuMs: number;
  /** The response of a streaming function, or the JSON of another one. */
  readonly body: string;
  /** Most memory so far. */
  readonly peakMb: number;
}

const STREAMING = Symbol('streaming');

// Lambda's runtime provides these to streaming handlers.
Object.assign(globalThis, {
  awslambda: {
    streamifyResponse: (handler: Handler) => Object.assign(handler, { [STREAMING]: true }),
    HttpResponseStream: { from: (stream: Writable) => stream },
  },
});

let handler: Handler = async () => undefined;

async function invoke(event: unknown): Promise<string> {
  const context = { awsRequestId: 'bench', getRemainingTimeInMillis: () => 60_000 };
  if (!(STREAMING in handler)) return JSON.stringify(await handler(event, context)) ?? '';
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  await handler(event, stream, context);
  return Buffer.concat(chunks).toString();
}

process.on('message', async (message: ToFunction) => {
  const cpu = process.cpuUsage();
  const began = performance.now();
  let body = '';
  if ('bundle' in message) ({ handler } = await import(pathToFileURL(message.bundle).href));
  else body = await invoke(message.event).catch((error: unknown) => String(error));
  const ms = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  const peakMb = process.resourceUsage().maxRSS / 1_024;
  process.send?.({ ms, cpuMs: (user + system) / 1_000, body, peakMb } satisfies FromFunction);
});
