/** Creates the Lambda handler of a sandbox, which runs one step and streams messages to its runner. */
import { PassThrough } from 'node:stream';
import middy from '@middy/core';
import { executionModeStreamifyResponse } from '@middy/core/StreamifyResponse';
import type { StepsOperation } from '../../definition/operation-definition.ts';
import type { SandboxedStep, SandboxedStepsOf } from '../../definition/step-context.ts';
import { boundError, MAX_MESSAGE_CHARACTERS } from '../../jobs/bound-record.ts';
import { cleanShortText } from '../../shared/clean-text.ts';
import { drained } from '../../shared/drained.ts';
import { CodedError, ErrorCode } from '../../shared/errors.ts';
import { log } from '../../shared/observability/log.ts';
import { observe } from '../../shared/observability/observe.ts';
import { traceIdOf } from '../../shared/observability/trace-context.ts';
import type { LambdaHandler } from '../lambda-handler.ts';
import { MAX_LOG_BYTES } from '../step-log.ts';
import { watchFence } from './attempt-fence.ts';
import { cleanMachine } from './clean-machine.ts';
import { endProcesses, markEnvironment } from './end-processes.ts';
import { GatheredText, NewestValue } from './gather-output.ts';
import { KEEP_ALIVE_MS, type SandboxError, type SandboxEvent, type SandboxMessage } from './protocol.ts';
import { UrlWorkspace } from './url-workspace.ts';

/** Sends a message to the runner. Resolves when the connection takes more. */
type Send = (message: SandboxMessage) => Promise<void>;

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
  return middy(
    async (event: SandboxEvent) => {
      const lines = new PassThrough();
      const send = async (message: SandboxMessage) => {
        // What a step has left running can still print.
        if (lines.writable) lines.write(`${JSON.stringify(message)}\n`);
        await drained(lines);
      };
      const keepAlive = setInterval(() => lines.write('\n'), KEEP_ALIVE_MS);
      // It rejects when processes of a step do not end, which ends this instance and them.
      void runStep(event, byName[event.step], send)
        .then(send)
        .finally(() => {
          clearInterval(keepAlive);
          lines.end();
        });
      return lines;
    },
    { executionMode: executionModeStreamifyResponse },
  ).use(
    observe(({ jobId, step, attempt, trace }: SandboxEvent) => ({
      job_id: jobId,
      step,
      attempt: attempt + 1,
      ...(trace && { trace_id: traceIdOf(trace) }),
    })),
  );
}

/** @throws Error when processes of the step do not end */
async function runStep(
  event: SandboxEvent,
  work: SandboxedStep<never, never> | undefined,
  send: Send,
): Promise<SandboxMessage> {
  const { step, jobId, input, results, attempt, trace, limitMs } = event;
  const fence = watchFence(event, limitMs);
  const stepLog = new GatheredText({ send: (text) => send({ log: text }) });
  const progress = new NewestValue<{ readonly fraction: number; readonly message?: string }>(
    ({ fraction, message }) =>
      void send({
        progress: fraction || 0,
        ...(message && { message: cleanShortText(message, MAX_MESSAGE_CHARACTERS) }),
      }),
  );
  let logBytes = 0;
  try {
    await cleanMachine(jobId);
    if (!work) throw new Error(`The sandbox has no step "${step}". Add it to sandboxHandler.`);
    const result = await work({
      jobId,
      input: input as never,
      results: results as never,
      attempt,
      ...(trace && { trace }),
      signal: fence.signal,
      progress: (fraction, message) => progress.set({ fraction, message }),
      log: {
        // Unread text stays in memory, so stop at the length at which the runner cuts off the log.
        write: (text) => {
          if (logBytes <= MAX_LOG_BYTES) stepLog.write(text.slice(0, MAX_LOG_BYTES + 1 - logBytes));
          logBytes += Buffer.byteLength(text);
        },
        drain: () => stepLog.drain(),
      },
      workspace: new UrlWorkspace(event),
    });
    log.info('Sandboxed step ended');
    return { result: result ?? null };
  } catch (error) {
    return { error: toSandboxError(error, fence.signal) };
  } finally {
    fence.stop();
    try {
      await endProcesses();
    } finally {
      progress.flush();
      await stepLog.flush();
    }
  }
}

/** Returns the error for the runner, and logs the rest. */
export function toSandboxError(error: unknown, { aborted, reason }: AbortSignal): SandboxError {
  // The runner has stopped the step, and reports why: its job was cancelled, or the attempt timed out.
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
