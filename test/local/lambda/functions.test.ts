/** Tests the instances of a function: those that end before they have answered, and how many there may be. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { LambdaFunction } from '../../../local/lambda/functions.ts';
import { waitFor } from '../fixture/harness.ts';

let codeDirectory: string;
let target: LambdaFunction;
let options: ConstructorParameters<typeof LambdaFunction>[0];

async function start(
  code: string,
  given: Partial<
    Pick<typeof options, 'asyncRetries' | 'isolatesTenants' | 'onBilled' | 'reservedConcurrency'>
  > = {},
): Promise<string[]> {
  codeDirectory = await mkdtemp(join(tmpdir(), 'function-'));
  await writeFile(join(codeDirectory, 'index.mjs'), code);
  const lines: string[] = [];
  options = {
    functionName: 'f',
    functionVersion: '$LATEST',
    functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
    codeDirectory,
    handler: 'index.handler',
    timeoutMs: 20_000,
    isolatesTenants: false,
    memoryMb: 128,
    environment: {},
    ...given,
    onLine: (line) => lines.push(line),
  };
  target = new LambdaFunction(options);
  return lines;
}

/** A handler that prints, and ends when the file of its event exists. */
const GATED = `
  import { existsSync } from 'node:fs';
  let count = 0;
  export const handler = async ({ gate }) => {
    console.log('RUNNING', gate);
    while (gate && !existsSync(gate)) await new Promise((resolve) => setTimeout(resolve, 5));
    return ++count;
  };`;

/** Runs invocations until all run at once, then ends them. */
async function runAtOnce(count: number, lines: readonly string[]): Promise<void> {
  const gate = join(codeDirectory, `gate-${randomUUID()}`);
  const invoked = Array.from({ length: count }, () => target.invoke(JSON.stringify({ gate })));
  await waitFor(async () => lines.filter((line) => line === `RUNNING ${gate}`).length === count || undefined);
  await writeFile(gate, '');
  await Promise.all(invoked);
}

afterEach(async () => {
  await target.stop();
  await rm(codeDirectory, { recursive: true });
});

test('code that cannot be loaded fails the invocation, and nothing else', async () => {
  await start('throw new TypeError("at the top")');
  await expect(target.invoke('{}')).rejects.toMatchObject({
    name: 'Runtime.ImportModuleError',
    message: expect.stringContaining('at the top'),
  });
});

test('an invocation is billed for its time, the first one for the load of the code too, also when it fails', async () => {
  const billed: number[] = [];
  await start(
    `await new Promise((resolve) => setTimeout(resolve, 100));
     export const handler = async ({ ms }) => {
       await new Promise((resolve) => setTimeout(resolve, ms));
       if (ms === 30) throw new Error('after 30 ms');
     };`,
    { onBilled: (ms) => billed.push(ms) },
  );
  await target.invoke('{"ms":0}');
  await target.invoke('{"ms":60}');
  await expect(target.invoke('{"ms":30}')).rejects.toThrow('after 30 ms');
  const [first = 0, second = 0, failed = 0] = billed;
  expect(billed).toHaveLength(3);
  expect(first).toBeGreaterThan(99);
  expect(second).toBeGreaterThan(59);
  expect(failed).toBeGreaterThan(29);
});

test('an instance that is interrupted while it loads fails its invocation, and the next starts another', async () => {
  const flag = join(tmpdir(), `interrupted-${process.pid}`);
  const lines = await start(
    `import { existsSync } from 'node:fs';
     const isStuck = !existsSync(${JSON.stringify(flag)});
     console.log('LOADING');
     if (isStuck) await new Promise((resolve) => setTimeout(resolve, 60_000));
     export const handler = () => 'fine';`,
  );
  const cut = target.invoke('{}').catch((error: Error) => error.name);
  await waitFor(async () => lines.find((line) => line === 'LOADING'));
  expect(target.interrupt()).toBe(1);
  expect(await cut).toBe('Runtime.ExitError');
  expect(target.interrupt()).toBe(0);
  await writeFile(flag, '');
  expect(await target.invoke('{}')).toBe('"fine"');
  await rm(flag);
});

test('code that loads for more than ten seconds is loaded once more, and its invocation does not fail', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'setInterval', 'queueMicrotask', 'Date'] });
  const flag = join(tmpdir(), `loads-${process.pid}`);
  const lines = await start(
    `import { existsSync } from 'node:fs';
     const isStuck = !existsSync(${JSON.stringify(flag)});
     console.log('LOADING');
     if (isStuck) await new Promise((resolve) => setTimeout(resolve, 60_000));
     export const handler = () => 'fine';`,
  );
  try {
    const invoked = target.invoke('{}');
    while (!lines.includes('LOADING')) await new Promise(setImmediate);
    await writeFile(flag, '');
    await jest.advanceTimersByTimeAsync(10_000);
    expect(await invoked).toBe('"fine"');
    expect(lines).toContainEqual(
      expect.stringMatching(/did not load within 10\.00 seconds.* Loading it once more/),
    );
  } finally {
    jest.useRealTimers();
    await rm(flag, { force: true });
  }
});

test('code that does not load the second time either fails its invocation', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'setInterval', 'queueMicrotask', 'Date'] });
  try {
    const lines = await start(
      `console.log('LOADING'); await new Promise((resolve) => setTimeout(resolve, 600_000));`,
    );
    const failed = target.invoke('{}').catch((error: Error) => error);
    const loads = () => lines.filter((line) => line === 'LOADING').length;
    while (loads() < 1) await new Promise(setImmediate);
    await jest.advanceTimersByTimeAsync(10_000);
    while (loads() < 2) await new Promise(setImmediate);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(await failed).toMatchObject({
      name: 'Sandbox.Timedout',
      message: expect.stringContaining('60.00 seconds'),
    });
  } finally {
    jest.useRealTimers();
  }
});

test('every instance is interrupted: those that work and those that wait for work', async () => {
  const lines = await start(GATED);
  await runAtOnce(2, lines);
  const cut = target.invoke('{"gate":"/none"}').catch((error: Error) => error.name);
  expect(target.interrupt()).toBe(2);
  expect(await cut).toBe('Runtime.ExitError');
  expect(await target.invoke('{}')).toBe('1');
});

test('short invocations wait for a busy instance, and long ones get instances of their own', async () => {
  const lines = await start(GATED);
  // Others do not wait for an instance that loads for more than a second.
  expect(await target.invoke('{}')).toBe('1');
  expect(await Promise.all(['{}', '{}', '{}'].map((payload) => target.invoke(payload)))).toEqual([
    '2',
    '3',
    '4',
  ]);
  await runAtOnce(4, lines);
  expect(target.interrupt()).toBe(4);
});

test('an invocation of another tenant does not wait, and never gets the instance', async () => {
  await start(GATED, { isolatesTenants: true });
  const invokeBoth = () => Promise.all(['a', 'b'].map((tenantId) => target.invoke('{}', { tenantId })));
  expect(await invokeBoth()).toEqual(['1', '1']);
  expect(await invokeBoth()).toEqual(['2', '2']);
  expect(target.interrupt()).toBe(2);
});

test('idle instances end after ten seconds, but for the one that was used last', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'queueMicrotask', 'Date'] });
  try {
    const lines = await start(GATED);
    const first = runAtOnce(3, lines);
    await waitFor(async () => lines.find((line) => line.startsWith('RUNNING')));
    // The first invocation of an instance may take a second before others start.
    await jest.advanceTimersByTimeAsync(1_000);
    await first;
    await jest.advanceTimersByTimeAsync(8_000);
    await runAtOnce(2, lines);
    await jest.advanceTimersByTimeAsync(8_000);
    expect(target.interrupt()).toBe(2);
    expect(await target.invoke('{}')).toBe('1');
    await jest.advanceTimersByTimeAsync(16_000);
    expect(target.interrupt()).toBe(1);
  } finally {
    jest.useRealTimers();
  }
});

test('what a function prints arrives in lines and before its result, also the last one without a line break', async () => {
  const lines = await start(
    `export const handler = ({ ends }) => {
       process.stdout.write('one\\ntw');
       process.stderr.write('an error\\n');
       process.stdout.write(Buffer.from('o \u00fc').subarray(0, 3));
       process.stdout.write(Buffer.from('o \u00fc').subarray(3));
       console.log(' three');
       process.stdout.write('four');
       if (ends) process.exit();
     };`,
  );
  await target.invoke('{}');
  expect(lines).toEqual(['one', 'an error', 'two ü three']);
  await expect(target.invoke('{"ends":true}')).rejects.toThrow('exit status 0');
  expect(lines.slice(3, -1)).toEqual(['fourone', 'an error', 'two ü three', 'four']);
});

test('a response and a payload have limits in bytes', async () => {
  await start(`export const handler = ({ bytes, text = 'x' }) => text.repeat(bytes);`);
  const tooLarge = { name: 'Function.ResponseSizeTooLarge' };
  await expect(target.invoke('{"bytes":6291556}')).rejects.toMatchObject(tooLarge);
  await expect(target.invoke('{"bytes":3200000,"text":"ü"}')).rejects.toMatchObject(tooLarge);
  expect(await target.invoke('{"bytes":6291554}')).toHaveLength(6_291_556);
  await expect(target.invoke(JSON.stringify('x'.repeat(6 * 1024 * 1024)))).rejects.toMatchObject({
    name: 'RequestEntityTooLargeException',
  });
});

test.each([
  ['three times', {}, 3],
  ['once without retries', { asyncRetries: 0 }, 1],
])('an asynchronous invocation that fails is made %s', async (_times, options, count) => {
  const lines = await start(`export const handler = () => { throw new Error('broken'); };`, options);
  await target.invokeAsync('{}');
  expect(lines.filter((line) => line.startsWith('Invoke Error'))).toHaveLength(count);
});

test('beyond the reserved concurrency an invocation is throttled, and one from a queue of Lambda waits', async () => {
  const gate = join(tmpdir(), `gate-${process.pid}`);
  const lines = await start(
    `import { existsSync } from 'node:fs';
     export const handler = async () => {
       console.log('RUNNING');
       while (!existsSync(${JSON.stringify(gate)})) await new Promise((resolve) => setTimeout(resolve, 10));
       return 'fine';
     };`,
    { reservedConcurrency: 1 },
  );
  const first = target.invoke('{}');
  await waitFor(async () => lines.find((line) => line === 'RUNNING'));
  await expect(target.invoke('{}')).rejects.toMatchObject({ name: 'TooManyRequestsException' });
  const queued = target.invoke('{}', { isQueued: true });
  await writeFile(gate, '');
  expect(await Promise.all([first, queued])).toEqual(['"fine"', '"fine"']);
  expect(await target.invoke('{}')).toBe('"fine"');
  await rm(gate);
});

test('an update lets running invocations end with the earlier code, and retirement accepts no more', async () => {
  const lines = await start(
    `import { existsSync } from 'node:fs';
     import { setTimeout as delay } from 'node:timers/promises';
     export const handler = async ({ flag }) => {
       console.log('RUNNING');
       while (flag && !existsSync(flag)) await delay(5);
       return 'old';
     };`,
  );
  await writeFile(join(codeDirectory, 'new.mjs'), `export const handler = () => 'new';`);
  const flag = join(codeDirectory, 'flag');
  const running = target.invoke(JSON.stringify({ flag }));
  await waitFor(async () => lines.find((line) => line === 'RUNNING'));
  target.update({ ...options, handler: 'new.handler' });
  expect(await target.invoke('{}')).toBe('"new"');
  await writeFile(flag, '');
  expect(await running).toBe('"old"');
  expect(await target.invoke('{}')).toBe('"new"');
  target.retire();
  await expect(target.invoke('{}')).rejects.toThrow(/f is stopped/);
});
