/** Runs steps in a sandbox: passes each what it needs and validates what it returns. */
import { randomUUID } from 'node:crypto';
import { resultInvalid } from '../../definition/check-result.ts';
import { type StepFiles, type StepsOperation, stepMemoryMb } from '../../definition/operation-definition.ts';
import type { Step, StepContext } from '../../definition/step-context.ts';
import { boundError } from '../../jobs/bound-record.ts';
import { AppError, codedError, ErrorCode, SANDBOX_CRASHED } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { log } from '../../shared/observability/log.ts';
import { countUse } from '../../shared/usage.ts';
import { countStored } from '../../workspace/count-stored.ts';
import { LambdaFailure } from '../lambda-failure.ts';
import { closedText, FENCE_POLL_MS, fenceKey } from './attempt-fence.ts';
import { type SandboxError, type SandboxEvent, type SandboxMessage, sandboxMessage } from './protocol.ts';
import type { SandboxFunction } from './sandbox-function.ts';
import type { WorkspaceUrls } from './workspace-urls.ts';

export interface SandboxedStepsOptions {
  readonly operation: StepsOperation;
  /** @returns the function with the memory of a step */
  sandboxOf(step: string): SandboxFunction;
  readonly urls: WorkspaceUrls;
}

/** Extra lifetime of URLs after the step, for clock differences and the last upload. */
const URL_SLACK_SECONDS = 60;

/** @returns one step per step of the operation, for the step runner */
export function sandboxedSteps(options: SandboxedStepsOptions): Readonly<Record<string, Step>> {
  const { steps } = options.operation;
  return Object.fromEntries(
    Object.entries(steps).map(([step, { timeoutMs }]) => [
      step,
      (context: StepContext) => runInSandbox(options, step, timeoutMs, context),
    ]),
  );
}

/** @throws the error of the step; LambdaFailure when the sandbox did not finish */
async function runInSandbox(
  { operation, sandboxOf, urls }: SandboxedStepsOptions,
  step: string,
  limitMs: number,
  { owner, signal, log: stepLog, progress, ...context }: StepContext,
): Promise<Json> {
  const { jobId, input, results, attempt, trace } = context;
  const files = operation.sandbox?.(step, { input: input as never, jobId });
  if (!files)
    throw new Error(`Operation ${operation.name} names no files for step ${step}. Return them from sandbox.`);
  const seconds = Math.ceil(limitMs / 1_000) + URL_SLACK_SECONDS;
  const attemptId = randomUUID();
  const event: SandboxEvent = {
    step,
    jobId,
    input: input as Json,
    results,
    attempt,
    ...(trace && { trace }),
    limitMs,
    reads: await urlsOf(files.reads, (key) => urls.read(key, seconds)),
    writes: await urlsOf(files.writes, (key) => urls.write(key, seconds)),
    fenceUrl: await urls.read(fenceKey(jobId), seconds),
    attemptId,
  };
  await urls.put(fenceKey(jobId), attemptId);
  // On a timeout or a lost lease. The sandbox polls the fence every two seconds.
  const closeFence = () => {
    urls.put(fenceKey(jobId), closedText(attemptId)).catch((error) => {
      log.error('Failed to stop a sandbox', { error });
    });
  };
  signal.addEventListener('abort', closeFence, { once: true });
  const beganMs = Date.now();
  try {
    for await (const line of sandboxOf(step).invoke(owner, event)) {
      const message = line && read(line, step);
      if (!message) continue;
      if ('log' in message) {
        stepLog.write(message.log);
        await stepLog.drain();
      } else if ('progress' in message) progress(message.progress, message.message);
      else if ('error' in message) throw toError(message.error, step);
      else return checkFiles(operation, message.result, files);
    }
  } finally {
    signal.removeEventListener('abort', closeFence);
    countSandbox(stepMemoryMb(operation, step), files, Date.now() - beganMs);
  }
  throw new LambdaFailure(SANDBOX_CRASHED, `The sandbox of ${step} ended without a result.`);
}

/** S3's limit of one PUT. A sandbox may report any size. */
const MAX_PUT_BYTES = 5 * 1_024 ** 3;

/** Callers get URLs for the files of a result, so it can name only files that its step may write. */
function checkFiles({ name, output, files }: StepsOperation, result: Json, { writes }: StepFiles): Json {
  const { data } = output.safeParse(result);
  const stray = data && files?.(data).find(({ key }) => !writes.includes(key));
  if (!stray) {
    const sizes = new Map(data && files?.(data).map(({ key, size }) => [key, size]));
    for (const [key, size] of sizes) countStored(key, Math.min(size, MAX_PUT_BYTES));
    return result;
  }
  const cause = new Error(`The result names ${stray.key}, which the step may not write.`);
  throw resultInvalid(name, cause);
}

/** Until the sandbox has its event, and after its last line. Lambda bills neither. */
const OUTSIDE_MS = 30;

/** Counts an invocation of a sandbox. It reads each file that it may read, writes each that it may write, and polls its fence. */
function countSandbox(memoryMb: number, { reads, writes }: StepFiles, ms: number): void {
  countUse('sandboxes');
  countUse('sandboxMbMs', Math.max(1, ms - OUTSIDE_MS) * memoryMb);
  countUse('gets', reads.length + Math.floor(ms / FENCE_POLL_MS));
  countUse('puts', writes.length);
}

async function urlsOf(keys: readonly string[], sign: (key: string) => Promise<string>) {
  return Object.fromEntries(await Promise.all(keys.map(async (key) => [key, await sign(key)] as const)));
}

/** @throws AppError STEP_CRASHED for an invalid message */
function read(line: string, step: string): SandboxMessage {
  try {
    return sandboxMessage.parse(JSON.parse(line));
  } catch (cause) {
    const message = `The sandbox of step ${step} sent an invalid message; a program of the step may have written it. Start the job again.`;
    throw new AppError(ErrorCode.stepCrashed, message, { cause, details: { cause: SANDBOX_CRASHED } });
  }
}

/** Only the engine gives these: `INTERNAL_ERROR` hides its message, and alarms count the others. */
const CODES_OF_ENGINE: readonly string[] = [
  ErrorCode.executionStopped,
  ErrorCode.internal,
  ErrorCode.startFailed,
  ErrorCode.stepCrashed,
];

function toError(error: SandboxError, step: string) {
  const { code, message, retryable, details } = boundError(error);
  if (CODES_OF_ENGINE.includes(code))
    return new Error(`The sandbox of ${step} failed unexpectedly. Read its log for the cause.`);
  return codedError(code, message, { retryable, details });
}
