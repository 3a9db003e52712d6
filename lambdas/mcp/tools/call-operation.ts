/** Defines the `<operation>` tools: a call returns the result, or the job that continues when it takes too long. */
import { randomUUID } from 'node:crypto';
import { type ClientCapabilities, MissingRequiredClientCapabilityError } from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { CallEvent, CallResult } from '../../definition/call-protocol.ts';
import {
  longestCallMs,
  type OperationDefinition,
  toolNameOf,
} from '../../definition/operation-definition.ts';
import type { Questions } from '../../definition/questions.ts';
import { MAX_ANSWERS_BYTES } from '../../jobs/input/answer.ts';
import { type InputAnswer, isUrl, JobStatus, jobIdForKey } from '../../jobs/job.ts';
import { Scope } from '../../shared/caller.ts';
import { AppError, codedError, ErrorCode } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { setMetricSubject } from '../../shared/observability/metrics.ts';
import { endStart } from '../../shared/observability/request-metrics.ts';
import { currentTrace } from '../../shared/observability/tracing.ts';
import { linkFiles } from '../../workspace/job-files.ts';
import { readElicitationResult } from '../elicitation-result.ts';
import { describeFiles, viewFile } from '../file-view.ts';
import { textOf } from '../job-result.ts';
import { reportWhile } from '../progress.ts';
import type { ClientRequest } from '../protocol-method.ts';
import { canElicit } from '../task-mapping.ts';
import { defineTool, type Tool, type ToolResult } from '../tool.ts';
import type { ToolDependencies } from './dependencies.ts';
import { acceptStart, requireObjects, startInput, startJob, startTask } from './start-job.ts';

/** Covers a cold start of the operation's function. */
const CALL_MARGIN_MS = 10_000;

/** Returns a tool that always returns the result. */
export function syncTool(
  operation: OperationDefinition,
  { calls, callRateLimiter, synchronousCalls, workspace }: ToolDependencies,
): Tool {
  return defineTool({
    name: toolNameOf(operation),
    aliases: operation.aliases,
    title: operation.title,
    description: operation.description,
    // An external state machine may change things while its caller waits.
    scope: operation.annotations.readOnlyHint ? Scope.jobsRead : Scope.jobsWrite,
    annotations: operation.annotations,
    input: z.strictObject({ ...operation.input.shape, ...linksArgument(operation) }),
    // Only here the operation's result is the whole result: programs generate types from this schema.
    output: operation.output instanceof z.ZodObject ? operation.output : undefined,
    async call(args, { owner }, client) {
      setMetricSubject({ operation: operation.name });
      const { input, wantsLinks } = readLinksArgument(operation, args);
      callRateLimiter.check(owner, operation.name);
      await requireObjects(operation, input, workspace);
      const call = {
        jobId: randomUUID(),
        owner,
        input: input as Json,
        trace: currentTrace(),
        ...answersOf(client),
      };
      const outcome = await synchronousCalls.run(owner, holdMs(operation), () =>
        reportWhile(client.onProgress, runs(operation), () => calls.invoke(operation, { call })),
      );
      const questions = questionsFor(client, outcome);
      if (questions) return { questions };
      if ('asked' in outcome && client.supportsExtensions) throw elicitationNotDeclared(outcome.asked);
      const { result } = resultOf(operation, outcome);
      const structured = result as Readonly<Record<string, Json>>;
      return toToolResult(operation, result, structured, wantsLinks ? workspace : undefined);
    },
  });
}

/** Returns a tool that returns the result when it is ready in time, else a job. */
export function syncFirstTool(operation: OperationDefinition, dependencies: ToolDependencies): Tool {
  const { jobs, calls, callRateLimiter, synchronousCalls, workspace } = dependencies;
  return defineTool({
    name: toolNameOf(operation),
    aliases: operation.aliases,
    title: operation.title,
    description: `${operation.description} Returns the result, or a job for check_job.`,
    scope: Scope.jobsWrite,
    annotations: operation.annotations,
    ...startInput(operation, linksArgument(operation)),
    async call(given, caller, client) {
      const { input: args, wantsLinks } = readLinksArgument(operation, given);
      callRateLimiter.check(caller.owner, operation.name);
      const { onProgress } = client;
      const startedAtMs = Date.now();
      const { input, wait, submission } = await acceptStart(operation, args, caller, dependencies);
      const { owner } = caller;
      const { idempotencyKey } = submission;
      const submitted = { operation, input, ...submission };
      const jobId =
        idempotencyKey === undefined ? randomUUID() : jobIdForKey(owner, operation.name, idempotencyKey);
      // An earlier call with this key became a job.
      if (idempotencyKey !== undefined && (await jobs.get(owner, jobId))) {
        return startJob(dependencies, caller, submitted, wait, onProgress);
      }
      const call = { jobId, owner, input, trace: currentTrace(), ...answersOf(client) };
      const release = await synchronousCalls.take(owner, holdMs(operation));
      // Too many calls of the owner wait, so the call becomes a job at once.
      if (!release) {
        // Only a call can check these answers against its questions.
        if (Object.keys(call.answers ?? {}).length > 0) throw synchronousCalls.exhausted();
        return startJob(dependencies, caller, submitted, { ms: 0 });
      }
      // Until the call becomes a job, it starts none.
      endStart();
      const outcome = await reportWhile(client.onProgress, runs(operation), () =>
        calls.invoke(operation, { call }),
      ).finally(release);
      const questions = questionsFor(client, outcome);
      if (questions) return { questions };
      const left = { ...wait, ms: Math.max(0, wait.ms - (Date.now() - startedAtMs)) };
      if ('handedOver' in outcome || 'asked' in outcome) {
        const { answers } = outcome;
        const done = 'handedOver' in outcome ? { handedOver: outcome.handedOver } : {};
        return startJob(
          dependencies,
          caller,
          { ...submitted, call: { jobId, answers, ...done } },
          left,
          onProgress,
        );
      }
      if ('error' in outcome && outcome.error.code === ErrorCode.timedOut) {
        return startJob(dependencies, caller, submitted, left, onProgress);
      }
      const { result } = resultOf(operation, outcome);
      const structured = { status: JobStatus.completed, progress: 1, result, error: null };
      return toToolResult(operation, result, structured, wantsLinks ? workspace : undefined);
    },
    start: (args, caller, ttlMs) =>
      startTask(dependencies, operation, readLinksArgument(operation, args).input, caller, ttlMs),
    requiresTasks: operation.requiresTasks,
  });
}

function runs({ title }: OperationDefinition): string {
  return `${title} runs.`;
}

/** Returns how long a synchronous call may occupy this function, in milliseconds. */
function holdMs({ execution }: OperationDefinition): number {
  return longestCallMs(execution) + CALL_MARGIN_MS;
}

/**
 * Returns the well-formed answers that the client sent. The step's function checks them against its questions.
 * @throws AppError INPUT_TOO_LARGE
 */
function answersOf({ inputResponses }: ClientRequest): Pick<CallEvent['call'], 'answers'> {
  const answers: Record<string, InputAnswer> = {};
  for (const [key, response] of Object.entries(inputResponses)) {
    const { success, data } = readElicitationResult(response);
    if (success) answers[key] = data;
  }
  const bytes = Buffer.byteLength(JSON.stringify(answers));
  if (bytes <= MAX_ANSWERS_BYTES) return { answers };
  throw new AppError(
    ErrorCode.inputTooLarge,
    `inputResponses: ${bytes} bytes are too many. Send at most ${MAX_ANSWERS_BYTES} bytes.`,
  );
}

/**
 * Returns the questions for the client to ask before it calls again; undefined when it cannot ask them all, or when it has
 * answered some already. A call keeps no state, so a job handles further rounds.
 */
function questionsFor({ elicits }: ClientRequest, outcome: CallResult): Questions | undefined {
  if (!('asked' in outcome) || Object.keys(outcome.answers).length > 0) return undefined;
  return Object.values(outcome.asked).every((request) => canElicit(elicits, request))
    ? outcome.asked
    : undefined;
}

function elicitationNotDeclared(asked: Questions) {
  const elicitation: ClientCapabilities['elicitation'] = Object.values(asked).some(isUrl) ? { url: {} } : {};
  return new MissingRequiredClientCapabilityError({ requiredCapabilities: { elicitation } });
}

/** @throws CodedError the failure of the operation, or ELICITATION_REQUIRED */
function resultOf({ name }: OperationDefinition, outcome: CallResult): { readonly result: Json } {
  if ('result' in outcome) return outcome;
  if ('handedOver' in outcome) throw new Error(`${name} handed over a call that cannot become a job.`);
  if ('asked' in outcome) {
    const questions = Object.values(outcome.asked).map(({ message }) => message);
    throw new AppError(
      ErrorCode.elicitationRequired,
      `${name} needs an answer: ${questions.join(' ')} Call it from a client of 2026-07-28 that supports elicitation.`,
    );
  }
  const { code, message, retryable, details } = outcome.error;
  throw codedError(code, message, { retryable, details });
}

/** @param workspace creates download URLs for the files; undefined when the caller does not ask for them */
async function toToolResult(
  operation: OperationDefinition,
  result: Json,
  structured: ToolResult['structured'],
  workspace: ToolDependencies['workspace'] | undefined,
): Promise<ToolResult> {
  const stored = operation.files?.(result as never) ?? [];
  const files = workspace ? await linkFiles(stored, workspace) : stored.map(viewFile);
  return {
    // The result itself may have a field `files`.
    structured: files.length > 0 ? { files, ...structured } : structured,
    text: [textOf(operation, result), ...describeFiles(files)].join('\n'),
    next:
      files.length > 0 && !workspace
        ? 'For download URLs, repeat the call with include: ["links"].'
        : undefined,
    content: operation.content?.(result as never),
  };
}

const LINKS = {
  include: z.array(z.enum(['links'])).optional(),
};

/** Returns the argument with which a call asks for URLs: it has no job, so `get_file` cannot return them. */
function linksArgument(operation: OperationDefinition): Partial<typeof LINKS> {
  return offersLinks(operation) ? LINKS : {};
}

function offersLinks({ files, input }: OperationDefinition): boolean {
  return files !== undefined && !Object.hasOwn(input.shape, 'include');
}

function readLinksArgument<Args extends Readonly<Record<string, unknown>>>(
  operation: OperationDefinition,
  args: Args,
): { readonly input: Omit<Args, 'include'>; readonly wantsLinks: boolean } {
  // An operation with an argument of this name always returns the URLs.
  if (!offersLinks(operation)) return { input: args, wantsLinks: true };
  const { include = [], ...input } = args;
  return { input, wantsLinks: (include as readonly string[]).includes('links') };
}
