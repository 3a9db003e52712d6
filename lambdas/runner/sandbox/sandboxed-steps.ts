/** Steps that run elsewhere: each hands its sandbox what it needs, and believes little of what comes back. */
import { randomUUID } from 'node:crypto';
import type { StepFiles, StepsOperation } from '../../definition/operation-definition.ts';
import type { Step, StepContext } from '../../definition/step-context.ts';
import { AppError, codedError, ErrorCode } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { LambdaFailure } from '../lambda-failure.ts';
import { overText, turnKey } from './attempt-fence.ts';
import { type SandboxError, type SandboxEvent, type SandboxMessage, sandboxMessage } from './protocol.ts';
import type { SandboxFunction } from './sandbox-function.ts';
import type { WorkspaceUrls } from './workspace-urls.ts';

export interface SandboxedStepsOptions {
  readonly operation: StepsOperation;
  readonly sandbox: SandboxFunction;
  readonly urls: WorkspaceUrls;
}

/** What a URL outlives its step by: for clocks that differ, and for the last upload. */
const URL_SLACK_SECONDS = 60;

/** A step for each of the operation, for the runner of steps to run. */
export function sandboxedSteps(options: SandboxedStepsOptions): Readonly<Record<string, Step>> {
  const { steps } = options.operation;
  return Object.fromEntries(
    Object.entries(steps).map(([step, { timeoutMs }]) => [
      step,
      (context: StepContext) => runInSandbox(options, step, timeoutMs, context),
    ]),
  );
}

/** @throws AppError as the step does; LambdaFailure when it has not come to an end. */
async function runInSandbox(
  { operation, sandbox, urls }: SandboxedStepsOptions,
  step: string,
  limitMs: number,
  { owner, signal, log, progress, ...context }: StepContext,
): Promise<Json> {
  const { jobId, input, results, attempt } = context;
  const files = operation.sandbox?.(step, { input: input as never, jobId });
  if (!files)
    throw new Error(`Operation ${operation.name} does not say which files ${step} has business with.`);
  const seconds = Math.ceil(limitMs / 1_000) + URL_SLACK_SECONDS;
  const turn = randomUUID();
  const event: SandboxEvent = {
    step,
    jobId,
    input: input as Json,
    results,
    attempt,
    limitMs,
    reads: await urlsOf(files.reads, (key) => urls.read(key, seconds)),
    writes: await urlsOf(files.writes, (key) => urls.write(key, seconds)),
    turnUrl: await urls.read(turnKey(jobId), seconds),
    turn,
  };
  await urls.put(turnKey(jobId), turn);
  // Out of time, or no longer wanted: the sandbox looks every two seconds.
  const endTurn = () => {
    urls.put(turnKey(jobId), overText(turn)).catch((error) => {
      console.error({ message: 'A sandbox could not be told to stop', jobId, step, error });
    });
  };
  signal.addEventListener('abort', endTurn, { once: true });
  try {
    for await (const line of sandbox.invoke(owner, event)) {
      const message = line && read(line, step);
      if (!message) continue;
      if ('log' in message) log.write(printable(message.log));
      else if ('progress' in message)
        progress(message.progress, message.message && printable(message.message));
      else if ('error' in message) throw toError(message.error, step);
      else return checkFiles(operation, message.result, files);
    }
  } finally {
    signal.removeEventListener('abort', endTurn);
  }
  throw new LambdaFailure('Runtime.ExitError', `The sandbox of ${step} ended without a word.`);
}

/** Callers get URLs of the files that a result names: it may name what its step was to write, and nothing else. */
function checkFiles({ name, output, files }: StepsOperation, result: Json, { writes }: StepFiles): Json {
  const { data } = output.safeParse(result);
  const stray = data && files?.(data).find(({ key }) => !writes.includes(key));
  if (!stray) return result;
  const cause = new Error(`It names ${stray.key}.`);
  throw new AppError(ErrorCode.resultInvalid, `The result of ${name} does not match its output schema.`, {
    cause,
  });
}

async function urlsOf(keys: readonly string[], sign: (key: string) => Promise<string>) {
  return Object.fromEntries(await Promise.all(keys.map(async (key) => [key, await sign(key)] as const)));
}

/** @throws AppError STEP_CRASHED for what no sandbox of ours writes. */
function read(line: string, step: string): SandboxMessage {
  try {
    return sandboxMessage.parse(JSON.parse(line));
  } catch (cause) {
    const message = `The step ${step} was disturbed by a program it ran, and answered what cannot be read.`;
    throw new AppError(ErrorCode.stepCrashed, message, { cause });
  }
}

function toError({ code, message, retryable, details }: SandboxError, step: string) {
  if (code === ErrorCode.internal)
    return new Error(`The sandbox of ${step} failed unexpectedly: its own log says why.`);
  return codedError(code, printable(message), { retryable, details });
}

/** Control characters mean nothing here, and could mislead who reads a log in a terminal. */
function printable(text: string): string {
  return text.replace(/(?![\n\t])\p{Cc}/gu, '');
}
