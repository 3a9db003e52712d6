/**
 * Adds to jest-light-runner what it lacks: time limits for tests and hooks, imports from `@jest/globals`, and the
 * environment variables and mocks of a new process for each test file.
 */
import { enableCompileCache, flushCompileCache, registerHooks } from 'node:module';
import { ModernFakeTimers } from '@jest/fake-timers';

const LIMIT_MS = 180_000;
// Code of functions that runs in this process prints no log lines. Functions of the local cloud do.
process.env.LOG_LEVEL = 'SILENT';
// CDK's check of a template takes up to 8 s of CPU time: `test/lib/cli-synth.long.test.ts` has it.
process.env.CDK_VALIDATION = 'false';
const environment = { ...process.env };
// Each worker loads the same modules.
enableCompileCache('node_modules/.cache/jest');
// A worker process has a second to end. Without workers, this is Jest's own process.
if (process.connected) {
  process.once('SIGTERM', () => {
    flushCompileCache();
    process.disconnect();
  });
}
// Tests replace the timers.
const { clearTimeout, setTimeout } = globalThis;

/** Fails the test or the hook that runs. */
let fail = (_error) => {};
process.on('uncaughtException', (error) => {
  console.error(error);
  fail(error);
});
/** By promise: rejections that no code has handled yet. A test may handle one later, but before it ends. */
const unhandled = new Map();
process.on('unhandledRejection', (error, promise) => unhandled.set(promise, error));
process.on('rejectionHandled', (promise) => unhandled.delete(promise));

/** @throws the first rejection that nothing has handled */
async function checkUnhandled() {
  if (unhandled.size === 0) return;
  await new Promise((resolve) => setTimeout(resolve));
  const [error] = unhandled.values();
  unhandled.clear();
  if (error) throw error;
}

/** @returns the function; it rejects when it takes longer than the limit */
function limited(run, limitMs = LIMIT_MS) {
  if (run === undefined) return undefined;
  return async () => {
    const late = Promise.withResolvers();
    const error = new Error(`Exceeded the time limit of ${limitMs} ms.`);
    const timer = setTimeout(() => late.reject(error), limitMs);
    fail = late.reject;
    try {
      await Promise.race([run(), late.promise]);
      await checkUnhandled();
    } finally {
      clearTimeout(timer);
    }
  };
}

const withLimit = (add) => (name, run, limitMs) => add(name, limited(run, limitMs));

function limitEach(add) {
  return (...table) => {
    const addEach = add.each(...table);
    return (name, run, limitMs) => addEach(name, (...values) => limited(() => run(...values), limitMs)());
  };
}

function limitTests(add) {
  return Object.assign(withLimit(add), { each: limitEach(add) });
}

const { test, beforeAll, afterAll, beforeEach, afterEach } = globalThis;
globalThis.test = Object.assign(limitTests(test), {
  only: limitTests(test.only),
  skip: limitTests(test.skip),
  todo: test.todo,
});
globalThis.it = globalThis.test;
for (const [name, add] of Object.entries({ beforeAll, afterAll, beforeEach, afterEach })) {
  globalThis[name] = (run, limitMs) => add(limited(run, limitMs));
}

const timers = new ModernFakeTimers({ config: { fakeTimers: {} }, global: globalThis });
for (const name of Object.getOwnPropertyNames(ModernFakeTimers.prototype)) {
  if (name !== 'constructor') globalThis.jest[name] = timers[name].bind(timers);
}

const TEST_FILE = /\.test\.ts$/;
/** What jest-light-runner appends to the URL of a test file: the compile cache would know none of them. */
const UNIQUE = /(?<=\.test\.ts)\?\d+$/;
const globals = [
  'afterAll',
  'afterEach',
  'beforeAll',
  'beforeEach',
  'describe',
  'expect',
  'it',
  'jest',
  'test',
];
const source = `export const { ${globals.join(', ')} } = globalThis;`;

registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== '@jest/globals') return next(specifier.replace(UNIQUE, ''), context);
    return {
      url: `data:text/javascript,${encodeURIComponent(source)}`,
      format: 'module',
      shortCircuit: true,
    };
  },
  load(url, context, next) {
    if (TEST_FILE.test(url)) {
      for (const name of Object.keys(process.env)) delete process.env[name];
      Object.assign(process.env, environment);
      globalThis.jest.restoreAllMocks();
      globalThis.jest.useRealTimers();
    }
    return next(url, context);
  },
});
