/** Puts a step's questions on record, with the token by which its execution goes on once they are answered. */

import type { Questions } from '../definition/questions.ts';
import { INPUT_ANSWERED } from '../definition/state-names.ts';
import { isTerminal, openRequests } from '../jobs/job.ts';
import { type JobStore, TransitionRefused } from '../jobs/job-store.ts';
import { type Invocation, StepEnded, StepInterrupted } from './run-step.ts';

/** What the state that waits for answers passes to the operation's function. */
export interface QuestionsEvent {
  readonly taskToken: string;
  readonly jobId: string;
  readonly step: string;
  /** The step's InputRequired, as Step Functions has caught it: `Cause` is Lambda's JSON text about it. */
  readonly asked: { readonly Cause: string };
}

/** There is nothing to wait for: the answers came between two tries of the state. */
export class InputAnswered extends Error {
  override readonly name = INPUT_ANSWERED;
}

/** @throws InputAnswered, StepEnded when the job has ended, StepInterrupted to be tried again */
export async function recordQuestions(
  jobs: JobStore,
  { taskToken, jobId, step, asked }: QuestionsEvent,
  { awsRequestId }: Pick<Invocation, 'awsRequestId'>,
): Promise<void> {
  const { errorMessage } = JSON.parse(asked.Cause) as { readonly errorMessage: string };
  const questions = JSON.parse(errorMessage) as Questions;
  const job = await jobs.find(jobId);
  if (!job || isTerminal(job.status)) throw new StepEnded(`Job ${jobId} has ended; ${step} asks nobody.`);
  const inputRequests = { ...job.inputRequests, ...questions };
  const open = openRequests({ ...job, inputRequests });
  if (open.length === 0) throw new InputAnswered(`All that ${step} asks is answered.`);
  const message = open.map(([, request]) => request.message).join(' ');
  try {
    await jobs.requireInput(job, awsRequestId, { step, inputRequests, taskToken, message });
  } catch (error) {
    if (!(error instanceof TransitionRefused)) throw error;
    throw new StepInterrupted(`Job ${jobId} has changed while ${step} asked.`);
  }
}
