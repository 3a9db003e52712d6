/**
 * Takes the reports of sandboxes: begins an attempt, writes its progress and its log, and passes its end to the runner.
 *
 * The sender is hostile. Its token is verified before anything else, so another request changes nothing. A token affects only the
 * attempt that it belongs to, and expires soon after its limit. It has the number of reports before it, which limits reports in
 * sequence. A sent report can be processed again: see report-order.ts.
 */
import { isTerminal, type Job, JobStatus } from '../../jobs/job.ts';
import { type JobStore, TransitionRefused } from '../../jobs/job-store.ts';
import { watchedUntil } from '../../jobs/watch.ts';
import { StepFunctionsError } from '../../shared/aws/step-functions-calls.ts';
import { cleanText } from '../../shared/clean-text.ts';
import { addLogKeys, log } from '../../shared/observability/log.ts';
import { traceIdOf } from '../../shared/observability/trace-context.ts';
import { countedUse, countingUse, sumUsage, type Usage } from '../../shared/usage.ts';
import { LiveLog, type LiveLogOptions } from '../live-log.ts';
import { intervalMsOf, isWriteDue } from '../progress-pace.ts';
import { FileStepLog } from '../step-log.ts';
import type { AttemptSeal, AttemptState } from './attempt-state.ts';
import type { EndEvent } from './end-attempt.ts';
import {
  MAX_BODY_BYTES,
  ReportCode,
  type ReportResponse,
  readEnvelope,
  readReport,
  type SandboxReport,
} from './protocol.ts';
import type { ReportOrder } from './report-order.ts';

/** How an attempt ended for its state machine. */
export type AttemptEnd =
  | { readonly output: string }
  | { readonly error: string; readonly cause: string }
  /** The runner or AWS failed: the sandbox repeats its report. */
  | { readonly unavailable: string };

export interface ReportTakerOptions {
  readonly jobs: JobStore;
  readonly files: LiveLogOptions['files'];
  readonly seal: AttemptSeal;
  readonly order: ReportOrder;
  /** Calls Step Functions with a task token. */
  readonly states: (action: string, input: Readonly<Record<string, unknown>>) => Promise<unknown>;
  /** Invokes a version of a runner. */
  readonly end: (runner: string, event: EndEvent) => Promise<AttemptEnd>;
}

/** A refused report: the response has its code. */
export class ReportRefused extends Error {
  override readonly name = 'ReportRefused';
  readonly status: number;
  readonly code: ReportCode;

  constructor(status: number, code: ReportCode, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const STOP: ReportResponse = { continue: false };
/** Reports of an attempt: one a second, and those of a log of 50 MB. */
const maxReports = ({ limitMs }: AttemptState) => 100 + Math.ceil(limitMs / 1_000);
/** The sandbox stops a step at its limit, waits 5 s for it, and sends a last report. */
const LATE_MS = 20_000;
/** A result that the network delays. */
const RESULT_GRACE_MS = 10_000;
/** The last report is repeated for a minute. Step Functions gives up the attempt no later. */
const EXPIRED_MS = LATE_MS + 60_000;
/** Errors of Step Functions for a task that no longer waits. */
const TASK_OVER = ['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken'];

/** Creates the handler. @throws ReportRefused */
export function createReportTaker(options: ReportTakerOptions) {
  const { jobs, files, seal, order, states } = options;

  return (body: string, requestId: string): Promise<ReportResponse> =>
    countingUse(() => take(body, requestId));

  async function take(body: string, requestId: string): Promise<ReportResponse> {
    const bytes = Buffer.byteLength(body);
    if (bytes > MAX_BODY_BYTES) {
      const message = `The body has ${bytes} bytes; ${MAX_BODY_BYTES} is the limit. Send less of the log at once.`;
      throw new ReportRefused(413, ReportCode.tooLarge, message);
    }
    const envelope = readEnvelope(body);
    if (!envelope) {
      throw new ReportRefused(
        400,
        ReportCode.invalid,
        'The body is not {token, report}. Send both as texts.',
      );
    }
    const state = await seal.open(envelope.token);
    if (!state) {
      const message = 'The token is invalid. Send the token of the event or of the response before.';
      throw new ReportRefused(401, ReportCode.tokenInvalid, message);
    }
    addLogKeys(keysOf(state));
    checkAge(state);
    checkOrder(state);
    const report = readReport(envelope.report);
    if (!state.claimed) return begin(state, report);
    return proceed({ ...state, claimed: state.claimed }, report, requestId);
  }

  function checkAge({ claimed, limitMs }: AttemptState): void {
    if (!claimed || overtimeMsOf(claimed.atMs, limitMs) <= EXPIRED_MS) return;
    const message = `The token expired ${EXPIRED_MS / 1_000} s after the limit of its attempt. Start the job again.`;
    throw new ReportRefused(401, ReportCode.tokenInvalid, message);
  }

  function checkOrder(state: AttemptState): void {
    if (state.sequence > maxReports(state)) {
      const message = `The attempt sent ${state.sequence} reports; ${maxReports(state)} is the limit.`;
      throw new ReportRefused(429, ReportCode.limitExceeded, message);
    }
    if (order.accepts(state.attemptId, state.sequence)) return;
    const message = `Report ${state.sequence} of the attempt came before. Send the token of the last response.`;
    throw new ReportRefused(409, ReportCode.outOfOrder, message);
  }

  /** Begins the attempt, unless another delivery of the same event has. */
  async function begin(state: AttemptState, report: SandboxReport | undefined): Promise<ReportResponse> {
    const claim = report?.claim;
    if (claim === undefined) {
      throw new ReportRefused(400, ReportCode.invalid, 'The first report has no claim. Send a UUID.');
    }
    // First: an attempt that Step Functions has given up must not take the job over.
    if (!(await beats(state))) return STOP;
    const { jobId, step, from, leaseBefore, begin: fields } = state;
    const lease = `${state.attemptId}/${claim}`;
    const job = await jobs
      .begin(jobId, { step, progress: from, lease, leaseBefore: leaseBefore ?? null, ...fields })
      .catch((error: unknown) => {
        if (!(error instanceof TransitionRefused)) throw error;
        // A repeated report.
        return error.job && isOwn(error.job, lease) ? error.job : undefined;
      });
    if (!job) return STOP;
    const last = job.timeline?.at(-1);
    const claimed = {
      lease,
      atMs: Date.now(),
      ...(last && 'began' in last && { began: last.began }),
      progress: job.progress,
      job: factsOf(job),
    };
    return next({ ...state, claimed }, intervalMsOf(job, Date.now()));
  }

  async function proceed(
    state: Claimed,
    report: SandboxReport | undefined,
    requestId: string,
  ): Promise<ReportResponse> {
    const { claimed, limitMs } = state;
    const now = Date.now();
    const overtimeMs = overtimeMsOf(claimed.atMs, limitMs);
    const ending = report?.ending;
    if (ending && 'stopped' in ending) {
      await keepLastLines(state, report.log);
      return STOP;
    }
    const isLate = overtimeMs > (ending && 'result' in ending ? RESULT_GRACE_MS : 0);
    if (!report || ending || overtimeMs > LATE_MS) {
      // Repetitions keep the task waiting while the runner is slow. An attempt without a task has ended, or another one has begun.
      if (!(await beats(state))) {
        await keepLastLines(state, report?.log);
        return STOP;
      }
      const outcome = isLate ? { late: true as const } : (ending ?? { invalid: true as const });
      const text = report?.log && cleanText(report.log);
      const used = usedBy(state);
      await end({
        end: { state: { ...state, used }, ...(text && { log: text }), ending: outcome, atMs: now },
      });
      log.debug('An attempt ended', { request: requestId });
      return STOP;
    }
    const progress = progressOf(state, report);
    const unwritten = unwrittenOf(state, report);
    const isDue = unwritten !== undefined && isWriteDue(claimed.wroteAt ?? claimed.atMs, claimed, now);
    const [isWaiting, job] = await Promise.all([
      beats(state),
      isDue ? writeProgress(state, { progress, ...unwritten }) : jobs.find(claimed.job.jobId),
    ]);
    if (!isWaiting || !job || !isOwn(job, claimed.lease)) return STOP;
    const intervalMs = intervalMsOf(job, now);
    const written = await writeLog(state, report.log, intervalMs);
    const pace = isDue ? { unwritten: undefined, wroteAt: now } : { unwritten };
    const seen = { ...claimed, progress, ...pace, watchedUntil: watchedUntil(job, now) };
    return next({ ...state, ...written, claimed: seen }, intervalMs);
  }

  /** @returns the job after the write; undefined when the attempt has lost its lease */
  async function writeProgress(
    { jobId, claimed }: Claimed,
    update: { readonly progress: number; readonly message?: string },
  ): Promise<Job | undefined> {
    try {
      return await jobs.report(jobId, claimed.lease, update);
    } catch (error) {
      if (error instanceof TransitionRefused) return undefined;
      throw error;
    }
  }

  /** Adds to the log of the attempt. @throws ReportRefused when S3 is not available */
  async function writeLog(
    state: Claimed,
    text: string | undefined,
    intervalMs: number,
  ): Promise<Pick<AttemptState, 'log' | 'heading'>> {
    const { log: before, heading, step, claimed } = state;
    if (!text && before.size === before.uploaded) return { log: before, heading };
    const stepLog = await FileStepLog.create();
    const live = new LiveLog({ log: stepLog, files, job: claimed.job, step });
    try {
      await live.continue(heading, before);
      if (text) live.write(text);
      const written = await live.pause(intervalMs / 1_000);
      if (!written) throw unavailable('The log could not be written.');
      return { log: written, heading: text ? undefined : heading };
    } finally {
      await live.stop();
      await stepLog.remove();
    }
  }

  /**
   * Keeps what a step printed until it stopped, for a job that ended without the log of the step, such as a cancelled one. A later
   * attempt writes the log itself.
   */
  async function keepLastLines(state: Claimed, text: string | undefined): Promise<void> {
    const { step, limitMs, claimed } = state;
    if (overtimeMsOf(claimed.atMs, limitMs) > LATE_MS) return;
    const job = await jobs.find(claimed.job.jobId);
    if (job?.createdAt !== claimed.job.createdAt || !endedWithoutLog(job, step)) return;
    const last = job.timeline?.at(-1);
    const isLatest = last && 'began' in last && last.step === step && last.began === claimed.began;
    if (isLatest) await writeLog(state, text, Number.POSITIVE_INFINITY);
  }

  /** @returns whether Step Functions still waits for the attempt */
  async function beats({ taskToken }: AttemptState): Promise<boolean> {
    return toTask('SendTaskHeartbeat', { taskToken });
  }

  /** @returns whether the task still waited */
  async function toTask(action: string, input: Readonly<Record<string, unknown>>): Promise<boolean> {
    try {
      await states(action, input);
      return true;
    } catch (error) {
      if (error instanceof StepFunctionsError && TASK_OVER.includes(error.name)) return false;
      log.warn('A call of Step Functions failed', { action, error });
      throw unavailable('Step Functions is not available.');
    }
  }

  async function end(event: EndEvent): Promise<void> {
    const { runner, taskToken } = event.end.state;
    const ended = await options.end(runner, event);
    if ('unavailable' in ended) {
      log.warn('The runner could not end an attempt; the sandbox repeats its report', ended);
      throw unavailable('The end of the step could not be recorded.');
    }
    // A repeated report finds that the task has ended.
    if ('output' in ended) await toTask('SendTaskSuccess', { taskToken, output: ended.output });
    else await toTask('SendTaskFailure', { taskToken, ...ended });
  }

  /** @param intervalMs milliseconds to the next report: a cancelled step stops within them */
  async function next(state: AttemptState, intervalMs: number): Promise<ReportResponse> {
    const token = await seal.seal({ ...state, sequence: state.sequence + 1, used: usedBy(state) });
    return { continue: true, next_ms: intervalMs, token };
  }
}

type Claimed = AttemptState & { readonly claimed: NonNullable<AttemptState['claimed']> };

function unavailable(what: string): ReportRefused {
  return new ReportRefused(503, ReportCode.unavailable, `${what} Send the same report again in a second.`);
}

/** @returns what the attempt has used, this report included */
function usedBy({ used }: AttemptState): Usage {
  return sumUsage([used, countedUse(), { reports: 1 }]);
}

/** @returns milliseconds since the limit of an attempt; negative before */
function overtimeMsOf(claimedAtMs: number, limitMs: number): number {
  return Date.now() - claimedAtMs - limitMs;
}

function endedWithoutLog({ status, logs }: Job, step: string): boolean {
  return isTerminal(status) && status !== JobStatus.completed && logs?.[step] === undefined;
}

function isOwn({ status, lease }: Job, own: string): boolean {
  return !isTerminal(status) && lease === own;
}

function factsOf({ jobId, createdAt, startedAt, retentionSeconds }: Job) {
  return { jobId, createdAt, retentionSeconds, ...(startedAt !== undefined && { startedAt }) };
}

/** After a crash the recorded progress can be ahead; it stays until this attempt catches up. */
function progressOf({ from, to, claimed }: Claimed, { progress = 0 }: SandboxReport): number {
  const fraction = Math.min(1, Math.max(0, progress));
  return Math.max(claimed.progress, from + fraction * (to - from));
}

/** @returns what is to be written; undefined when the step has reported no progress since the last write */
function unwrittenOf(
  { claimed }: Claimed,
  { progress, message }: SandboxReport,
): Claimed['claimed']['unwritten'] {
  if (progress === undefined && message === undefined) return claimed.unwritten;
  return { ...claimed.unwritten, ...(message !== undefined && { message }) };
}

function keysOf({ operation, step, jobId, owner, attempt, trace }: AttemptState) {
  const keys = { job_id: jobId, operation, step, owner, attempt: attempt + 1 };
  return { ...keys, ...(trace && { trace_id: traceIdOf(trace) }) };
}
