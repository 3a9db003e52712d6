/** Creates the Lambda handler of a sandbox, which runs one step and reports what it does. */
import middy from '@middy/core';
import type { StepsOperation } from '../../definition/operation-definition.ts';
import type { SandboxedStep, SandboxedStepsOf } from '../../definition/step-context.ts';
import { boundError, MAX_MESSAGE_CHARACTERS } from '../../jobs/bound-record.ts';
import { cleanShortText } from '../../shared/clean-text.ts';
import { CodedError, ErrorCode } from '../../shared/errors.ts';
import { log } from '../../shared/observability/log.ts';
import { observe } from '../../shared/observability/observe.ts';
import { traceIdOf } from '../../shared/observability/trace-context.ts';
import { type LambdaHandler, LIMITED_BY_LAMBDA } from '../lambda-handler.ts';
import { cleanMachine } from './clean-machine.ts';
import { endProcesses, markEnvironment } from './end-processes.ts';
import type { SandboxEnding, SandboxError, SandboxEvent } from './protocol.ts';
import { Reporter } from './reporter.ts';
import { UrlWorkspace } from './url-workspace.ts';

/** A step that does not end after its abort is abandoned, and its instance ends. */
const ABORT_GRACE_MS = 5_000;

/**
 * Creates the Lambda handler for an operation with a `sandbox`. Export it as `handler` of the module that the operation names.
 * The function needs no AWS permissions.
 * @param steps one function for each step of the definition
 * @returns the handler
 * @example
 * ```ts
 * export const handler = sandboxHandler<typeof build>({ install, compile, test });
 * ```
 */
export function sandboxHandler<Definition extends StepsOperation>(
  steps: SandboxedStepsOf<Definition>,
): LambdaHandler {
  const byName = steps as Readonly<Record<string, SandboxedStep<never, never>>>;
  markEnvironment();
  return middy((event: SandboxEvent) => runStep(event, byName[event.step]), LIMITED_BY_LAMBDA).use(
    observe(({ jobId, step, attempt, trace }: SandboxEvent) => ({
      job_id: jobId,
      step,
      attempt: attempt + 1,
      ...(trace && { trace_id: traceIdOf(trace) }),
    })),
  );
}

async function runStep(event: SandboxEvent, work: SandboxedStep<never, never> | undefined): Promise<void> {
  const reporter = new Reporter(event.reports);
  if (!(await reporter.begin())) {
    log.info('The step does not run: another delivery of its event does, or its job has ended');
    return;
  }
  const { ending, isAbandoned } = await runAttempt(event, work, reporter);
  const last = await endProcesses().then(
    () => ending,
    (error): SandboxEnding => {
      log.error('Processes of a step did not end', { error });
      return { crashed: true };
    },
  );
  await reporter.end(last);
  // What is left of the step ends with this instance.
  if ('crashed' in last || isAbandoned) process.exit(1);
}

/** Runs the code of the step until its end or its limit. */
async function runAttempt(
  event: SandboxEvent,
  work: SandboxedStep<never, never> | undefined,
  reporter: Reporter,
): Promise<{ readonly ending: SandboxEnding; readonly isAbandoned: boolean }> {
  const { step, jobId, input, results, attempt, trace, limitMs } = event;
  const timer = new AbortController();
  const deadline = setTimeout(() => timer.abort(new Error('The attempt timed out.')), limitMs);
  const signal = AbortSignal.any([reporter.signal, timer.signal]);
  let isAbandoned = false;
  const abandoned = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      setTimeout(() => {
        isAbandoned = true;
        reject(signal.reason);
      }, ABORT_GRACE_MS).unref();
    });
  });
  abandoned.catch(() => {});
  try {
    await cleanMachine(jobId);
    if (!work) throw new Error(`The sandbox has no step "${step}". Add it to sandboxHandler.`);
    const context = {
      jobId,
      input: input as never,
      results: results as never,
      attempt,
      ...(trace && { trace }),
      signal,
      progress: (fraction: number, message?: string) =>
        reporter.progress(fraction || 0, message && cleanShortText(message, MAX_MESSAGE_CHARACTERS)),
      log: { write: (text: string) => reporter.write(text), drain: () => reporter.drain() },
      workspace: new UrlWorkspace(event),
    };
    const result = await Promise.race([work(context), abandoned]);
    // After an abort a result can be incomplete.
    signal.throwIfAborted();
    log.info('Sandboxed step ended');
    return { ending: { result: result ?? null }, isAbandoned };
  } catch (error) {
    return { ending: { error: toSandboxError(error, signal) }, isAbandoned };
  } finally {
    clearTimeout(deadline);
  }
}

/** Returns the error to report, and logs the rest. */
export function toSandboxError(error: unknown, { aborted, reason }: AbortSignal): SandboxError {
  // Its job was cancelled, or the attempt timed out: the receiver of the report knows which.
  if (aborted) {
    log.info('Sandboxed step stopped', { reason: String(reason) });
    return { code: ErrorCode.internal, message: '', retryable: false };
  }
  if (error instanceof CodedError) {
    const { code, message, retryable, details, cause } = error;
    log.info('Sandboxed step failed', { code, ...(cause !== undefined && { cause }) });
    return boundError({ code, message, retryable, ...(details && { details }) });
  }
  log.error('A step failed unexpectedly', { error });
  return { code: ErrorCode.internal, message: '', retryable: false };
}
