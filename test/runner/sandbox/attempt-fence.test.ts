/** An attempt that is given up ends its own turn, and never that of the attempt which has taken over. */
import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { StepContext } from '../../../lambdas/definition/step-context.ts';
import { fenceKey, mayContinue } from '../../../lambdas/runner/sandbox/attempt-fence.ts';
import type { SandboxEvent } from '../../../lambdas/runner/sandbox/protocol.ts';
import type { SandboxFunction } from '../../../lambdas/runner/sandbox/sandbox-function.ts';
import { sandboxedSteps } from '../../../lambdas/runner/sandbox/sandboxed-steps.ts';
import { WorkspaceUrls } from '../../../lambdas/runner/sandbox/workspace-urls.ts';
import { confined } from '../../fixtures/catalogue/confined/operation.ts';
import { BUCKET_NAME, startWorkspaceBucket } from '../../support/workspace.ts';

let bucket: Awaited<ReturnType<typeof startWorkspaceBucket>>;
beforeAll(async () => {
  bucket = await startWorkspaceBucket();
});
afterAll(() => bucket.close());

/** A sandbox that goes on until it is let go. */
function hangingSandbox() {
  const begun = Promise.withResolvers<SandboxEvent>();
  const end = Promise.withResolvers<void>();
  const sandbox = {
    async *invoke(_owner: string, event: SandboxEvent) {
      begun.resolve(event);
      await end.promise;
      yield '{"result":null}';
    },
  } as unknown as SandboxFunction;
  return { sandbox, begun: begun.promise, end: () => end.resolve() };
}

function attempt(signal: AbortSignal) {
  const { sandbox, begun, end } = hangingSandbox();
  const urls = new WorkspaceUrls(bucket.client, BUCKET_NAME);
  const { act } = sandboxedSteps({ operation: confined, sandboxOf: () => sandbox, urls });
  const context = { jobId: 'job', owner: 'ada', input: {}, results: {}, attempt: 0, signal };
  const done = act?.(context as unknown as StepContext);
  return { begun, done, end };
}

async function holder(): Promise<string> {
  const { Body } = await bucket.client.send(
    new GetObjectCommand({ Bucket: BUCKET_NAME, Key: fenceKey('job') }),
  );
  return (await Body?.transformToString()) ?? '';
}

async function until(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise((resolve) => setTimeout(resolve, 10));
}

test('when an attempt is given up, it is over', async () => {
  const stop = new AbortController();
  const { begun, done, end } = attempt(stop.signal);
  const { attemptId } = await begun;
  expect(mayContinue(attemptId, await holder())).toBe(true);
  stop.abort();
  await until(async () => !mayContinue(attemptId, await holder()));
  end();
  await done;
});

test('when another has taken over, the earlier one is over, and giving it up is nothing to the later one', async () => {
  const stop = new AbortController();
  const first = attempt(stop.signal);
  const { attemptId: earlier } = await first.begun;
  const second = attempt(new AbortController().signal);
  const { attemptId: later } = await second.begun;
  expect([mayContinue(earlier, await holder()), mayContinue(later, await holder())]).toEqual([false, true]);
  const before = await holder();
  stop.abort();
  await until(async () => (await holder()) !== before);
  expect([mayContinue(earlier, await holder()), mayContinue(later, await holder())]).toEqual([false, true]);
  first.end();
  second.end();
  await Promise.all([first.done, second.done]);
});
