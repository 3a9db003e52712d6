/** Ends an attempt of a step in its sandbox, from the last report: checks what the sandbox claims, and records the outcome. */
import { resultInvalid } from '../../definition/check-result.ts';
import type { FinishedStep } from '../../definition/finished-step.ts';
import { type StepsOperation, stepMemoryMb } from '../../definition/operation-definition.ts';
import type { Workspace } from '../../definition/step-context.ts';
import { boundError } from '../../jobs/bound-record.ts';
import type { JobStore } from '../../jobs/job-store.ts';
import { AppError, codedError, ErrorCode, SANDBOX_CRASHED } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { currentTrace, inSpan } from '../../shared/observability/tracing.ts';
import { countUse, sumUsage } from '../../shared/usage.ts';
import { countStored } from '../../workspace/count-stored.ts';
import { timedOut } from '../attempt-step.ts';
import { endStep, type Outcome } from '../end-step.ts';
import { LambdaFailure } from '../lambda-failure.ts';
import { attemptHeading, LiveLog, type LiveLogOptions } from '../live-log.ts';
import type { Invocation } from '../run-step.ts';
import { FileStepLog } from '../step-log.ts';
import { metered, type UsageMeter } from '../step-usage.ts';
import type { AttemptState } from './attempt-state.ts';
import type { SandboxEnding, SandboxError } from './protocol.ts';

/** Event from the function that takes reports to the runner that started the attempt. */
export interface EndEvent {
  readonly end: {
    readonly state: AttemptState & { readonly claimed: NonNullable<AttemptState['claimed']> };
    /** Of the last report. */
    readonly log?: string;
    /** `late`: the attempt outlived its limit. `invalid`: the report could not be read. */
    readonly ending: SandboxEnding | { readonly late: true } | { readonly invalid: true };
    /** Epoch milliseconds. */
    readonly atMs: number;
  };
}

export interface AttemptEnderOptions {
  readonly operation: StepsOperation;
  readonly jobs: JobStore;
  readonly workspace: Workspace;
  readonly files: LiveLogOptions['files'];
}

/** The first and the last report, and the end of the invocation: Lambda bills them, and the reports do not show them. */
const AROUND_REPORTS_MS = 150;
/** S3's limit of one PUT. A sandbox may report any size. */
const MAX_PUT_BYTES = 5 * 1_024 ** 3;

/** Creates the handler. Its result and its errors are those of a step: the caller passes them to the state machine. */
export function createAttemptEnder(options: AttemptEnderOptions) {
  return ({ end }: EndEvent, invocation: Pick<Invocation, 'awsRequestId'>) =>
    metered((meter) => {
      const { operation, step, jobId, attempt, trace } = end.state;
      const attributes = { job_id: jobId, operation, step, attempt: attempt + 1 };
      return inSpan(trace ?? currentTrace(), { name: `${operation} ${step} end`, attributes }, () =>
        endAttempt(options, end, invocation.awsRequestId, meter),
      );
    });
}

async function endAttempt(
  { operation, jobs, workspace, files }: AttemptEnderOptions,
  { state, log: text = '', ending, atMs }: EndEvent['end'],
  requestId: string,
  meter: UsageMeter,
): Promise<FinishedStep | null> {
  const { step, attempt, failures = 0, claimed, used } = state;
  const { lease, job } = claimed;
  const durationMs = atMs - claimed.atMs;
  const stepLog = await FileStepLog.create();
  const live = new LiveLog({ log: stepLog, files, job, step });
  try {
    await live.continue(state.heading, state.log);
    stepLog.recall(lastLines(state));
    if (text) live.write(text);
    countSandbox(operation, state, durationMs);
    return await endStep(outcomeOf(operation, state, ending), {
      operation,
      jobs,
      workspace,
      job,
      step,
      attempt,
      failures,
      lease,
      requestId,
      earlier: { logs: state.logs, stepUsage: state.begin.stepUsage },
      used: () => sumUsage([used, meter.used()]),
      stepLog,
      live,
      durationMs,
    });
  } finally {
    await live.stop();
    await stepLog.remove();
  }
}

/** @returns the last whole lines that this attempt has printed, without the line before it */
function lastLines({ log, logStart, attempt }: AttemptState): string {
  const end = Buffer.from(log.end, 'base64');
  const printed = log.size - logStart;
  const own = end.subarray(Math.max(0, end.length - printed)).toString();
  if (printed > end.length) return afterLineEnd(own);
  const heading = `${attemptHeading(attempt)}\n`;
  const [first = '', ...rest] = own.split(heading);
  return first.trim() === '' && rest.length > 0 ? rest.join(heading) : own;
}

/** @returns the text without its first line, which begins somewhere; of a single line, what begins with a whole character */
function afterLineEnd(text: string): string {
  const lineEnd = text.indexOf('\n');
  return lineEnd < 0 ? text.replace(/^\ufffd+/, '') : text.slice(lineEnd + 1);
}

function outcomeOf(
  operation: StepsOperation,
  state: AttemptState,
  ending: EndEvent['end']['ending'],
): Outcome {
  const { step, limitMs } = state;
  if ('late' in ending) return { kind: 'failure', error: timedOut(step, limitMs) };
  if ('invalid' in ending) return { kind: 'failure', error: reportInvalid(step) };
  if ('error' in ending) return { kind: 'failure', error: toError(ending.error, step) };
  if ('result' in ending) {
    const stray = strayFile(operation, ending.result, state);
    if (stray === undefined) return { kind: 'result', result: ending.result };
    const cause = new Error(`The result names ${stray}, which the step may not write.`);
    return { kind: 'failure', error: resultInvalid(operation.name, cause) };
  }
  const error = new LambdaFailure(SANDBOX_CRASHED, `The sandbox of ${step} ended without a result.`);
  return { kind: 'failure', error };
}

/**
 * Callers get URLs for the files of a result, so it can name only files that its step may write.
 * @returns the key of another file; undefined when there is none
 */
function strayFile(
  { output, files }: StepsOperation,
  result: Json,
  { writes }: AttemptState,
): string | undefined {
  const { data } = output.safeParse(result);
  const named = (data && files?.(data)) ?? [];
  const stray = named.find(({ key }) => !writes.includes(key));
  if (stray) return stray.key;
  const sizes = new Map(named.map(({ key, size }) => [key, size]));
  for (const [key, size] of sizes) countStored(key, Math.max(0, Math.min(size, MAX_PUT_BYTES)));
  return undefined;
}

/** Counts an invocation of a sandbox. It reads each file that it may read, and writes each that it may write. */
function countSandbox(operation: StepsOperation, { step, reads, writes }: AttemptState, ms: number): void {
  countUse('sandboxes');
  countUse('sandboxMbMs', (ms + AROUND_REPORTS_MS) * stepMemoryMb(operation, step));
  countUse('gets', reads);
  countUse('puts', writes.length);
}

function reportInvalid(step: string): AppError {
  const message = `The sandbox of step ${step} sent an invalid report; a program of the step may have written it. Start the job again.`;
  return new AppError(ErrorCode.stepCrashed, message, { details: { cause: SANDBOX_CRASHED } });
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
