/**
 * Computes what a job cost, from its record alone.
 *
 * The record counts what its steps use: milliseconds × memory, requests to S3, reads, transitions. What other functions do for the
 * job follows from what happened to it: each write is published, each answer is a request. Their durations are constants, measured
 * on the local cloud and doubled, because a function of 512 MiB has a third of a CPU.
 *
 * It leaves out what the record cannot know: polls and waits of clients, downloads, and deliveries to registered endpoints. It also
 * leaves out later attempts of a delivery, progress that the topic receives by an option, and what the code of a step uses of AWS.
 */
import { isTerminal, type Job, JobStatus } from '../jobs/job.ts';
import { isJsonAttribute } from '../jobs/job-item.ts';
import { MB_MS_OF_GB_SECOND, MCP_MB } from '../shared/function-memory.ts';
import { sumUsage } from '../shared/usage.ts';
import { type Quantities, type Receipt, toReceipt } from './price-lines.ts';

/** MiB of the functions that the engine itself runs, but for the MCP endpoint. */
const SHARED_MB = 512;
/** Milliseconds of the function that accepts a start. It makes two queries, a write and a call to Step Functions. */
const START_MS = 80;
const ANSWER_MS = 60;
/** Of the function that publishes changes, for one change. */
const PUBLISH_MS = 40;
/** Of the functions that resume an execution, and that record the end of one. */
const RECORD_MS = 40;
/** Of the function that sends a webhook, with the receiver's response. */
const DELIVER_MS = 200;
/** Of the function that takes a report of a sandbox. The last one of a step waits until the step has ended. */
const REPORT_MS = 60;
/** A sandbox reports at least so often. */
const REPORT_INTERVAL_MS = 10_000;
/** Of the function that starts a step in a sandbox. */
const ATTEMPT_START_MS = 100;
/** Bytes that an invocation logs: the lines of Lambda itself, and some of the engine. */
const LOG_BYTES = 1_000;
/** Writes of the table of slots for one delivery. */
const SLOT_WRITES = 2;
/** Send, receive and delete. */
const REQUESTS_OF_A_MESSAGE = 3;
/** The headers of a webhook, its TLS handshake and the request line. */
const WEBHOOK_HEADER_BYTES = 2_000;

const KB = 1_024;
const GB = 1_024 ** 3;
const DAYS_OF_MONTH = 30;

/** Lines whose quantity does not come from a count of the record. */
const ESTIMATED = new Set<keyof Quantities>([
  'sharedGbSeconds',
  'invocations',
  'writeUnits',
  'readUnits',
  's3GbMonths',
  'snsMessages',
  'sqsRequests',
  'apiRequests',
  'transferGb',
  'logGb',
]);

/**
 * @param region of the deployment
 * @returns undefined for a job that has not ended
 */
export function receiptOf(job: Job, region: string): Receipt | undefined {
  return isTerminal(job.status) ? toReceipt(quantitiesOf(job), region, ESTIMATED) : undefined;
}

/** @param job that has ended */
export function quantitiesOf(job: Job): Quantities {
  const usage = sumUsage([job.stepUsage, job.used, unreported(job)]);
  const { invocations = 0, mbMs = 0, sandboxes = 0, sandboxMbMs = 0, waits = 0, byteDays = 0 } = usage;
  const { reports = 0 } = usage;
  const events = eventsOf(job);
  const webhooks = callbacksOf(job, events, waits);
  const recordings = recordingsOf(job);
  const cancels = job.status === JobStatus.cancelled && !isRefused(job) ? 1 : 0;
  const requests = 1 + waits + cancels;
  const writes = writesOf(job);
  const shared = requests + reports + writes + waits + recordings + webhooks;
  const sharedMbMs =
    MCP_MB * START_MS +
    SHARED_MB * ((waits + cancels) * ANSWER_MS + writes * PUBLISH_MS + reports * REPORT_MS) +
    SHARED_MB * ((waits + recordings) * RECORD_MS + webhooks * DELIVER_MS);
  const bytes = bytesOf(job);
  const { small, whole } = bytes;
  const readUnits = Math.ceil(small / (4 * KB));
  const isX86 = job.stepFunction?.isX86 === true;
  return {
    [isX86 ? 'stepX86GbSeconds' : 'stepGbSeconds']: mbMs / MB_MS_OF_GB_SECOND,
    sandboxGbSeconds: sandboxMbMs / MB_MS_OF_GB_SECOND,
    sharedGbSeconds: sharedMbMs / MB_MS_OF_GB_SECOND,
    invocations: invocations + sandboxes + shared,
    transitions: usage.transitions ?? externalTransitions(job),
    writeUnits:
      writeUnitsOf(job, bytes, waits) +
      refusedWritesOf(job) * Math.ceil(whole / KB) +
      webhooks * (SLOT_WRITES + 2 * Math.ceil(whole / KB)),
    // The two queries of the limits, half a unit each; the endpoints of the owner for each event; answers and recordings.
    readUnits:
      1 +
      events +
      (waits + recordings + refusedWritesOf(job) + (usage.reads ?? 0)) * readUnits +
      2 * webhooks,
    s3Writes: usage.puts ?? 0,
    s3Reads: usage.gets ?? 0,
    s3GbMonths: byteDays / DAYS_OF_MONTH / GB,
    snsMessages: (events - progressOf(job, events, waits)) * Math.ceil(whole / (64 * KB)),
    sqsRequests: webhooks * REQUESTS_OF_A_MESSAGE,
    apiRequests: requests + reports,
    transferGb: (webhooks * (whole + WEBHOOK_HEADER_BYTES)) / GB,
    logGb: ((invocations + sandboxes + shared) * LOG_BYTES) / GB,
    // X-Ray keeps the trace of one request a second, and of a share of the others.
    traces: job.trace?.xray === undefined ? 0 : 1,
  };
}

/**
 * Attempts that ended without a report: they crashed, lost their lease or were cancelled. Each lasted until the next event of its
 * step, or the end of the job.
 */
function unreported(job: Job) {
  const { used = {}, stepUsage = {}, timeline = [], stepFunction, endedAt = job.updatedAt } = job;
  const { attemptBegan = 0 } = job;
  const { attempts = 0, invocations = 0, waits = 0, sandboxes = 0 } = sumUsage([used, stepUsage]);
  // An invocation that records questions is not an attempt. One in a sandbox takes an invocation to start and one to end.
  const reported = stepFunction?.sandboxMb === undefined ? invocations - waits : sandboxes;
  const missing = Math.max(0, attempts - reported);
  if (missing === 0 || !stepFunction) return {};
  const open = timeline.flatMap((event, index) => {
    if (!('began' in event)) return [];
    const next = timeline.slice(index + 1).find(({ step }) => step === event.step);
    if (next && !('began' in next)) return [];
    // Lambda does not bill the wait for an API call.
    const [beganMs, endMs] = next
      ? [event.began, next.began]
      : [Math.max(event.began, attemptBegan), Date.parse(endedAt)];
    return [{ step: event.step, ms: Math.max(0, endMs - beganMs) }];
  });
  // The last attempt reported what it used when it ended the job.
  const candidates = endsWithReport(job) ? open.slice(0, -1) : open;
  const counted = candidates.slice(-missing);
  const { memoryMb, sandboxMb } = stepFunction;
  const sandboxMbOf = (step: string) => (typeof sandboxMb === 'object' ? sandboxMb[step] : sandboxMb) ?? 0;
  if (sandboxMb === undefined) {
    return { invocations: missing, mbMs: counted.reduce((sum, { ms }) => sum + ms * memoryMb, 0) };
  }
  return {
    invocations: missing,
    mbMs: missing * ATTEMPT_START_MS * memoryMb,
    sandboxes: missing,
    sandboxMbMs: counted.reduce((sum, { step, ms }) => sum + ms * sandboxMbOf(step), 0),
    reports: counted.reduce((sum, { ms }) => sum + 1 + Math.floor(ms / REPORT_INTERVAL_MS), 0),
  };
}

/** Whether a step ended the job: it completed, or its step recorded a failure or a refusal, with the states that follow. */
function endsWithReport({ stepUsage, status }: Job): boolean {
  return status === JobStatus.completed || (stepUsage?.transitions ?? 0) > 0;
}

/** A cancellation that a step recorded, because an answer refused the job. */
function isRefused(job: Job): boolean {
  return job.status === JobStatus.cancelled && endsWithReport(job);
}

/** @returns invocations that record the end of an execution: by its last state, and by EventBridge when it did not succeed */
function recordingsOf(job: Job): number {
  if (job.status === JobStatus.completed || !job.startedAt) return 0;
  return job.status === JobStatus.failed || isRefused(job) ? 2 : 1;
}

/** @returns the recordings that found a job that had ended: DynamoDB charges a refused write, and the recorder reads the job again */
export function refusedWritesOf(job: Job): number {
  const isRecorder = job.status === JobStatus.failed && !endsWithReport(job);
  return Math.max(0, recordingsOf(job) - (isRecorder ? 1 : 0));
}

/** @returns the transitions of an external state machine, as far as its timeline shows them */
function externalTransitions({ timeline = [] }: Job): number {
  return timeline.filter((event) => 'began' in event).length;
}

function writesOf({ version, idempotent, createdAt }: Job): number {
  return version - (idempotent ? Date.parse(createdAt) : 1) + 1;
}

/** Bytes of the record: until its last write, and after it. */
interface RecordBytes {
  readonly small: number;
  readonly whole: number;
}

function bytesOf(job: Job): RecordBytes {
  const { result, error, logTail, logs, stepUsage, endedAt, ...rest } = job;
  return { small: itemBytes(rest), whole: itemBytes(job) };
}

/** @returns bytes about as DynamoDB counts them: of names and values, and of the overhead of lists and maps */
function itemBytes(item: object): number {
  return Object.entries(item).reduce((sum, [name, value]) => {
    const stored = isJsonAttribute(name) && value !== undefined ? JSON.stringify(value) : value;
    return sum + Buffer.byteLength(name) + valueBytes(stored);
  }, 0);
}

function valueBytes(value: unknown): number {
  if (value === undefined) return 0;
  if (typeof value === 'string') return Buffer.byteLength(value);
  // Two digits a byte, and one more.
  if (typeof value === 'number') return Math.ceil(String(value).length / 2) + 1;
  if (typeof value !== 'object' || value === null) return 1;
  const entries = Object.entries(value);
  const names = Array.isArray(value) ? 0 : Buffer.byteLength(Object.keys(value).join(''));
  return 3 + names + entries.reduce((sum, [, each]) => sum + 1 + valueBytes(each), 0);
}

/** The index of owners has the status, the index of open jobs whether a file is awaited: their changes write them too. */
function writeUnitsOf(job: Job, { small, whole }: RecordBytes, waits: number): number {
  const table = (writesOf(job) - 1) * Math.ceil(small / KB) + Math.ceil(whole / KB);
  const uploads = job.awaitsUpload === undefined ? 0 : 2;
  const ofOwners = 2 + (job.startedAt ? 1 : 0) + 2 * waits;
  const ofOpen = 2 + uploads;
  return table + ofOwners + ofOpen;
}

/** Each write is an event, but for progress within the same second as the write before. The timeline knows some of these. */
function eventsOf(job: Job): number {
  let quiet = 0;
  let before: number | undefined;
  for (const event of job.timeline ?? []) {
    const progress = 'began' in event ? event.began : 'failed' in event ? event.failed : undefined;
    if (progress !== undefined && before !== undefined && second(progress) === second(before)) quiet += 1;
    before = progress ?? ('asked' in event ? event.asked : 'answered' in event ? event.answered : before);
  }
  return writesOf(job) - quiet;
}

function second(epochMs: number): number {
  return Math.floor(epochMs / 1_000);
}

/** @returns the number of events that are progress: all but the creation, the start, the questions and the end */
function progressOf({ startedAt }: Job, events: number, waits: number): number {
  return Math.max(0, events - 2 - (startedAt ? 1 : 0) - waits);
}

/** @returns the number of webhooks to the job's own URL, one attempt each */
function callbacksOf(job: Job, events: number, waits: number): number {
  const counts: Readonly<Record<string, number>> = {
    'job.created': 1,
    'job.started': job.startedAt ? 1 : 0,
    'job.input_required': waits,
    [`job.${job.status}`]: 1,
    'job.progress': progressOf(job, events, waits),
  };
  return (job.callback?.events ?? []).reduce((sum, type) => sum + (counts[type] ?? 0), 0);
}
