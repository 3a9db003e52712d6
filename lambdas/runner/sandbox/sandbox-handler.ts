/** Creates the Lambda handler of a sandbox, which runs one step and streams messages to its runner. */
import { PassThrough } from 'node:stream';
import middy from '@middy/core';
import { executionModeStreamifyResponse } from '@middy/core/StreamifyResponse';
import type { StepsOperation } from '../../definition/operation-definition.ts';
import type { SandboxedStep, SandboxedStepsOf } from '../../definition/step-context.ts';
import { boundError, MAX_MESSAGE_CHARACTERS } from '../../jobs/bound-record.ts';
import { cleanShortText } from '../../shared/clean-text.ts';
import { splitText } from '../../shared/cut-text.ts';
import { CodedError, ErrorCode } from '../../shared/errors.ts';
import { log } from '../../shared/observability/log.ts';
import { observe } from '../../shared/observability/observe.ts';
import { traceIdOf } from '../../shared/observability/trace-context.ts';
import type { LambdaHandler } from '../lambda-handler.ts';
import { MAX_LOG_BYTES } from '../step-log.ts';
import { watchFence } from './attempt-fence.ts';
import { cleanMachine } from './clean-machine.ts';
import { endProcesses, markEnvironment } from './end-processes.ts';
import { KEEP_ALIVE_MS, type SandboxError, type SandboxEvent, type SandboxMessage } from './protocol.ts';
import { UrlWorkspace } from './url-workspace.ts';

/** Code units of one message: as JSON they have at most six bytes each, and the runner accepts lines of 256 KiB. */
const MAX_LOG_CHARACTERS = 32 * 1024;

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
      const send = (message: SandboxMessage) => void lines.write(`${JSON.stringify(message)}\n`);
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
  send: (message: SandboxMessage) => void,
): Promise<SandboxMessage> {
  const { step, jobId, input, results, attempt, trace, limitMs } = event;
  const fence = watchFence(event, limitMs);
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
      progress: (fraction, message) =>
        send({
          progress: fraction || 0,
          ...(message && { message: cleanShortText(message, MAX_MESSAGE_CHARACTERS) }),
        }),
      log: {
        // Unread text stays in memory, so stop at the length at which the runner cuts off the log.
        write: (text) => {
          for (const piece of splitText(text, MAX_LOG_CHARACTERS)) {
            if (logBytes <= MAX_LOG_BYTES) send({ log: piece });
            logBytes += Buffer.byteLength(piece);
          }
        },
      },
      workspace: new UrlWorkspace(event),
    });
    log.info('Sandboxed step ended');
    return { result: result ?? null };
  } catch (error) {
    return { error: toSandboxError(error, fence.signal) };
  } finally {
    fence.stop();
    await endProcesses();
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
