/** Tests that what a sandbox says is bounded and cleaned before anything else reads it. */
import * as z from 'zod';
import type { StepsOperation } from '../../../lambdas/definition/operation-definition.ts';
import type { StepContext } from '../../../lambdas/definition/step-context.ts';
import type { SandboxFunction } from '../../../lambdas/runner/sandbox/sandbox-function.ts';
import { sandboxedSteps } from '../../../lambdas/runner/sandbox/sandboxed-steps.ts';
import type { WorkspaceUrls } from '../../../lambdas/runner/sandbox/workspace-urls.ts';
import { FileStepLog } from '../../../lambdas/runner/step-log.ts';
import { countedUse, countingUse } from '../../../lambdas/shared/usage.ts';

const HOSTILE = 'a\u001b]0;title\u0007b\u202ec\u0000';

/** Runs a step whose sandbox sends these messages. */
async function run(messages: readonly object[], changes: Partial<StepsOperation> = {}) {
  const operation = {
    name: 'build',
    steps: { compile: { timeoutMs: 1_000 } },
    sandbox: () => ({ reads: [], writes: [] }),
    ...changes,
  } as unknown as StepsOperation;
  const sandbox = {
    async *invoke() {
      for (const message of messages) yield JSON.stringify(message);
    },
  } as unknown as SandboxFunction;
  const urls = {
    read: async () => '',
    write: async () => '',
    put: async () => {},
  } as unknown as WorkspaceUrls;
  const log = await FileStepLog.create();
  const context = { jobId: 'job', owner: 'alice', signal: new AbortController().signal, log, progress() {} };
  const { compile } = sandboxedSteps({ operation, sandboxOf: () => sandbox, urls });
  try {
    return {
      error: await compile?.(context as unknown as StepContext).catch((error) => error),
      tail: log.tail(),
    };
  } finally {
    await log.close();
    await log.remove();
  }
}

test('an error of 262,085 bytes is bounded', async () => {
  const error = {
    code: 'SCRIPT_FAILED',
    message: 'x',
    retryable: false,
    details: { text: 'x'.repeat(262_085) },
  };
  const { error: thrown } = await run([{ error }]);
  expect(thrown).toMatchObject({ code: 'SCRIPT_FAILED', message: 'x' });
  expect(Buffer.byteLength(JSON.stringify(thrown.details))).toBeLessThanOrEqual(8 * 1024);
});

test('its message, its details and its log are cleaned', async () => {
  const error = {
    code: 'SCRIPT_FAILED',
    message: HOSTILE,
    retryable: false,
    details: { [HOSTILE]: HOSTILE },
  };
  const { error: thrown, tail } = await run([{ log: `${HOSTILE}\n${HOSTILE}` }, { error }]);
  expect(thrown).toMatchObject({ message: 'abc', details: { abc: 'abc' } });
  expect(tail).toEqual(['abc', 'abc']);
});

test.each(['EXECUTION_STOPPED', 'INTERNAL_ERROR', 'START_FAILED', 'STEP_CRASHED'])(
  'a sandbox that reports %s, which alarms count, failed unexpectedly',
  async (code) => {
    const { error } = await run([{ error: { code, message: 'x', retryable: false } }]);
    expect(error.code).toBeUndefined();
    expect(error.message).toMatch(/failed unexpectedly/);
  },
);

test('a file counts once, with at most the bytes that S3 takes', async () => {
  const file = (size: number) => ({ key: 'results/a', name: 'a', contentType: '', size, sha256: '' });
  const changes = {
    output: z.object({}),
    sandbox: () => ({ reads: [], writes: ['results/a'] }),
    files: () => [file(1e15), file(1e15)],
  } as unknown as Partial<StepsOperation>;
  const used = await countingUse(async () => {
    await run([{ result: {} }], changes);
    return countedUse();
  });
  expect(used.byteDays).toBe(8 * 5 * 1_024 ** 3);
});

test('a step runs in the function with its memory, which its use counts', async () => {
  const steps = { compile: { timeoutMs: 1_000, memoryMb: 2_048 } };
  const used = await countingUse(async () => {
    await run([{ result: {} }], { steps, output: z.object({}) } as unknown as Partial<StepsOperation>);
    return countedUse();
  });
  expect(used).toMatchObject({ sandboxes: 1 });
  // An invocation counts a millisecond at least.
  expect((used.sandboxMbMs ?? 0) % 2_048).toBe(0);
  expect(used.sandboxMbMs).toBeGreaterThan(0);
});

test('a sandbox that ends without a result, or sends no message, counts as a crash of its own', async () => {
  expect((await run([])).error.name).toBe('Sandbox.ExitError');
  const { error } = await run([{ unknown: true }]);
  expect(error).toMatchObject({ code: 'STEP_CRASHED', details: { cause: 'Sandbox.ExitError' } });
});
