/** Records the questions of a step, with the task token that resumes its execution after the answers. */

import type { Questions } from '../definition/questions.ts';
import { readCause } from '../definition/state-error.ts';
import { INPUT_ANSWERED } from '../definition/state-names.ts';
import { isTerminal, isUpload, type Job, openRequests } from '../jobs/job.ts';
import { type JobStore, TransitionRefused } from '../jobs/job-store.ts';
import { ErrorCode } from '../shared/errors.ts';
import { log } from '../shared/observability/log.ts';
import { ThrownResult } from '../shared/observability/thrown-result.ts';
import { sumUsage, type Usage } from '../shared/usage.ts';
import { guarded, StepEnded, StepInterrupted } from './end-step.ts';
import type { Invocation } from './run-step.ts';
import { metered, type UsageMeter } from './step-usage.ts';

/** Limit for all questions of a job together, as JSON: its record also has its input and its result. */
const MAX_REQUESTS_BYTES = 64 * 1024;

/** Event from the state that waits for answers to the operation's function. */
export interface InputRequestsEvent {
  readonly taskToken: string;
  readonly jobId: string;
  readonly step: string;
  /** The InputRequired error that Step Functions caught; `Cause` is Lambda's JSON text. */
  readonly asked: { readonly Cause: string };
}

/** All questions have answers, which arrived between two attempts of the state. The execution does not wait. */
export class InputAnswered extends ThrownResult {
  override readonly name = INPUT_ANSWERED;
}

/** @throws InputAnswered, StepEnded when the job has ended, StepInterrupted for a retry */
export async function recordInputRequests(
  jobs: JobStore,
  { taskToken, jobId, step, asked }: InputRequestsEvent,
  { awsRequestId }: Pick<Invocation, 'awsRequestId'>,
): Promise<void> {
  return metered((meter) => record(jobs, { taskToken, jobId, step, asked }, awsRequestId, meter));
}

async function record(
  jobs: JobStore,
  { taskToken, jobId, step, asked }: InputRequestsEvent,
  awsRequestId: string,
  meter: UsageMeter,
): Promise<void> {
  const questions = readCause(asked.Cause) as Questions | undefined;
  const job = await guarded(jobs.find(jobId));
  if (!job || isTerminal(job.status)) throw new StepEnded(`Job ${jobId} has ended; ${step} does not ask.`);
  const inputRequests = { ...job.inputRequests, ...questions };
  const bytes = Buffer.byteLength(JSON.stringify(inputRequests));
  if (!questions || bytes > MAX_REQUESTS_BYTES) {
    const message = questions
      ? `All questions of the job take ${bytes} bytes; the limit is ${MAX_REQUESTS_BYTES}. Ask the operator to shorten them.`
      : `The questions of step ${step} are unreadable: Step Functions cut them off. Ask the operator to shorten them.`;
    const error = { code: ErrorCode.internal, message, step, retryable: false };
    await guarded(jobs.fail(jobId, error, { retentionSeconds: job.retentionSeconds }));
    throw new StepEnded(message);
  }
  const open = openRequests({ ...job, inputRequests });
  if (open.length === 0) throw new InputAnswered(`All questions of ${step} have answers.`);
  const message = open.map(([, request]) => request.message).join(' ');
  try {
    const upload = open.some(([, request]) => isUpload(request)) && ({ awaitsUpload: true } as const);
    const used = sumUsage([attemptThatAsked(job), meter.used()]);
    await jobs.requireInput(job, awsRequestId, { step, inputRequests, taskToken, message, used, ...upload });
  } catch (error) {
    if (!(error instanceof TransitionRefused)) log.error('Questions were not recorded', { error });
    throw new StepInterrupted(`The questions of ${step} were not recorded; the state retries.`);
  }
}

/**
 * An attempt that asks ends without a write. This function ran it too, and Step Functions invokes it again at once: the time since the
 * attempt began is what it took, and some milliseconds more.
 */
function attemptThatAsked({ attemptBegan, stepFunction }: Job): Usage {
  if (attemptBegan === undefined || !stepFunction) return { invocations: 1 };
  return { invocations: 1, mbMs: Math.max(0, Date.now() - attemptBegan) * stepFunction.memoryMb };
}
