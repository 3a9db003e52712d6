/** Decides whether an ended job may be retried, and from which step. */
import * as z from 'zod';
import { hasTransform } from '../../definition/has-transform.ts';
import {
  isStateMachineOperation,
  type OperationDefinition,
  toolNameOf,
} from '../../definition/operation-definition.ts';
import { isTerminal, type Job, JobStatus } from '../../jobs/job.ts';
import { cutText } from '../../shared/cut-text.ts';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { validationMessage } from '../../shared/validation-message.ts';

/** What a retry runs. */
export interface RetryPlan {
  readonly operation: OperationDefinition;
  /** All steps in order; none for an external state machine. */
  readonly steps: readonly string[];
  /** Step to begin at; undefined for an external state machine, which runs as a whole. */
  readonly fromStep?: string;
}

/** Characters of a caller's text in an error. */
const MAX_SHOWN_CHARACTERS = 64;

/**
 * @param fromStep as the caller gives it. @default the step that failed
 * @throws AppError JOB_NOT_ENDED, OPERATION_REMOVED, RETRY_NOT_ALLOWED, or INVALID_ARGUMENTS for `fromStep`
 */
export function planRetry(
  operations: readonly OperationDefinition[],
  job: Job,
  fromStep: string | undefined,
): RetryPlan {
  if (!isTerminal(job.status)) {
    throw new AppError(
      ErrorCode.jobNotEnded,
      `The job is ${job.status}. Wait until it ends or cancel it, then retry it.`,
      { details: { status: job.status } },
    );
  }
  const operation = operations.find(({ name }) => name === job.operation);
  if (!operation || operation.retired || operation.execution.mode === 'sync') {
    throw new AppError(
      ErrorCode.operationRemoved,
      `The operation ${job.operation} no longer starts jobs, so its jobs cannot be retried. Use another operation, or ask the operator.`,
    );
  }
  if (operation.retry === 'never') {
    throw new AppError(
      ErrorCode.retryNotAllowed,
      `Jobs of ${operation.name} cannot be retried. Start a new job with ${toolNameOf(operation)}.`,
    );
  }
  checkInput(operation, job.input);
  if (isStateMachineOperation(operation)) {
    checkWhole(operation, job, fromStep);
    return { operation, steps: [] };
  }
  const steps = Object.keys(operation.steps);
  return { operation, steps, fromStep: chooseStep(job, stepsToRetry(operation, job), fromStep) };
}

/** @returns the steps at which a retry of an ended job may begin, the default one last; none for an external state machine */
export function stepsToRetry(operation: OperationDefinition, job: Job): readonly string[] {
  if (isStateMachineOperation(operation)) return [];
  const steps = Object.keys(operation.steps);
  const { status, error, step = job.firstStep } = job;
  // A definition may have lost the step since.
  const reached =
    status === JobStatus.completed ? steps.length - 1 : steps.indexOf(error?.step ?? step ?? '');
  return steps.slice(0, operation.retry === 'whole' ? 1 : Math.max(0, reached) + 1);
}

/** @throws AppError RETRY_NOT_ALLOWED when the definition has changed since the job started */
function checkInput(operation: OperationDefinition, input: Json): void {
  // Unknown names are mistakes, as for the start tool.
  const schema = z.strictObject(operation.input.shape);
  const { error } = schema.safeParse(input);
  // The record has the input as the schema has parsed it. A schema that transforms may not take its own output.
  if (!error || hasTransform(schema)) return;
  const tool = toolNameOf(operation);
  throw new AppError(
    ErrorCode.retryNotAllowed,
    `The arguments of the job are no longer valid for ${tool}: ${validationMessage(error)} Start a new job with ${tool}.`,
  );
}

function checkWhole({ name }: OperationDefinition, { status }: Job, fromStep: string | undefined): void {
  if (fromStep !== undefined) {
    throw new AppError(
      ErrorCode.invalidArguments,
      `from_step: ${name} runs its state machine as a whole. Leave from_step out.`,
    );
  }
  if (status !== JobStatus.completed) return;
  throw new AppError(
    ErrorCode.retryNotAllowed,
    `The job completed, and ${name} has no steps to begin at. Start a new job instead.`,
  );
}

function chooseStep(
  { status, operation }: Job,
  allowed: readonly string[],
  fromStep: string | undefined,
): string | undefined {
  const choices = `Choose one of: ${allowed.join(', ')}.`;
  if (fromStep === undefined && status === JobStatus.completed) {
    throw new AppError(
      ErrorCode.invalidArguments,
      `from_step: missing. The job completed, so a retry needs the step to begin at. ${choices}`,
    );
  }
  if (fromStep === undefined || allowed.includes(fromStep)) return fromStep ?? allowed.at(-1);
  throw new AppError(
    ErrorCode.invalidArguments,
    `from_step: this job of ${operation} cannot begin at "${cutText(fromStep, MAX_SHOWN_CHARACTERS)}". ${choices}`,
  );
}
