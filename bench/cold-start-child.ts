/** Measures one cold start in its own process: imports a bundle, calls its handler, prints both times in milliseconds. */
import { PassThrough } from 'node:stream';
import { pathToFileURL } from 'node:url';

type Handler = (event: unknown, context: unknown) => Promise<unknown>;
type StreamingHandler = (event: unknown, stream: PassThrough, context: unknown) => Promise<unknown>;

const [bundle = '', eventText = '{}', streams] = process.argv.slice(2);
const context = { awsRequestId: 'cold-start', getRemainingTimeInMillis: () => 60_000 };

// Lambda's runtime provides these to streaming handlers. Here the response is dropped.
Object.assign(globalThis, {
  awslambda: {
    streamifyResponse: (handler: StreamingHandler) => handler,
    HttpResponseStream: { from: (stream: PassThrough) => stream },
  },
});

const start = performance.now();
const { handler } = await import(pathToFileURL(bundle).href);
const imported = performance.now();
const event = JSON.parse(eventText);
if (streams) {
  const stream = new PassThrough();
  stream.resume();
  await (handler as StreamingHandler)(event, stream, context);
} else {
  // A step without its job ends with an error, after it has made its calls.
  await (handler as Handler)(event, context).catch(() => {});
}
const called = performance.now();
process.stdout.write(JSON.stringify({ importMs: imported - start, firstCallMs: called - imported }));
process.exit(0);
