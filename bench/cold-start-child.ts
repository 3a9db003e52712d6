/** One cold start in a process of its own: imports a bundle, calls its handler once, prints both times in milliseconds. */
import { PassThrough } from 'node:stream';
import { pathToFileURL } from 'node:url';

type Handler = (event: unknown, context: unknown) => Promise<unknown>;
type StreamingHandler = (event: unknown, stream: PassThrough, context: unknown) => Promise<unknown>;

const [bundle = '', eventText = '{}', streams] = process.argv.slice(2);
const context = { awsRequestId: 'cold-start', getRemainingTimeInMillis: () => 60_000 };

// Lambda's runtime offers these to streaming handlers; here the answer goes nowhere.
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
  // A step whose job is not there ends with an error: it has made its calls all the same.
  await (handler as Handler)(event, context).catch(() => {});
}
const called = performance.now();
process.stdout.write(JSON.stringify({ importMs: imported - start, firstCallMs: called - imported }));
process.exit(0);
