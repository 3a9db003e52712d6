/**
 * Reads a job from tool results, and merges what each of them has. Results come through the host from the service, so nothing
 * about their shape is certain: a field of another type is left out, and long texts are cut.
 */
import type { InputRequestView } from '../../lambdas/jobs/job-view.ts';
import type { ErrorView } from '../shared/error-view.ts';
import type { JobStatus, StepAttempt, Timeline, TimelineStep } from '../shared/job.ts';
import { hasEnded, isStatus } from '../shared/job-status.ts';
import { asObject } from './host.ts';

/** What the card knows about a job. */
export interface CardJob {
  readonly jobId: string;
  readonly status: JobStatus;
  /** 0..1; never decreases. */
  readonly progress: number;
  readonly operation?: string | undefined;
  /** What the job is about, such as the name of a project. */
  readonly subject?: string | undefined;
  readonly step?: string | undefined;
  readonly message?: string | undefined;
  readonly requests: readonly (readonly [key: string, request: InputRequestView])[];
  readonly timeline?: Timeline | undefined;
  /** The last lines of the log, oldest first. */
  readonly lines: readonly string[];
  readonly files: readonly CardFile[];
  /** Undefined: none, or not yet. */
  readonly result?: unknown;
  readonly error?: ErrorView | undefined;
  readonly retriedFrom?: string | undefined;
  /** ISO 8601. */
  readonly createdAt?: string | undefined;
  readonly endedAt?: string | undefined;
  readonly pollAfterMs?: number | undefined;
  /** The service has been asked for everything that the card shows. */
  readonly isWhole: boolean;
}

export interface CardFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

const MAX_TEXT = 4_000;
const MAX_LINE = 1_000;
const MAX_LINES = 50;
const MAX_ITEMS = 200;

/** What follows the operation in the view of a job that is about nothing in particular. */
const COMMON_FIELDS = new Set([
  'status',
  'progress',
  'step',
  'message',
  'created_at',
  'retried_from',
  'timeline',
]);

const JOB_ID = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/;

export function isEnded({ status }: Pick<CardJob, 'status'>): boolean {
  return hasEnded(status);
}

/** What a tool result says: about a job, about an error, or only in words. */
export interface ToolReading {
  readonly job?: CardJob | undefined;
  readonly error?: ErrorView | undefined;
  readonly text: string;
}

/** @param before what is known of the job, or of another one */
export function readToolResult(result: unknown, before?: CardJob): ToolReading {
  const { structuredContent, content } = asObject(result);
  const text = cut(
    asArray(content)
      .flatMap((block) => textOf(asObject(block).text) ?? [])
      .join('\n'),
    MAX_TEXT,
  );
  const view = asObject(structuredContent);
  const job = readJob(view, before);
  if (job) return { job, text };
  const error = readError(view.error);
  if (error) return { error, text };
  if (asObject(result).isError === true)
    return { error: { code: 'TOOL_FAILED', message: text || 'The tool failed.' }, text };
  return { text };
}

/** Returns the id of a job that a text or arguments of a tool name. */
export function findJobId(where: string | Readonly<Record<string, unknown>>): string | undefined {
  return JOB_ID.exec(typeof where === 'string' ? where : String(where.job_id))?.[0];
}

/** Returns what is known about a job whose id alone is known. */
export function unknownJob(jobId: string): CardJob {
  return { jobId, status: 'pending', progress: 0, requests: [], lines: [], files: [], isWhole: false };
}

function readJob(view: Readonly<Record<string, unknown>>, other?: CardJob): CardJob | undefined {
  const { job_id, status } = view;
  if (typeof job_id !== 'string' || !isStatus(status)) return undefined;
  const before = other?.jobId === job_id ? other : undefined;
  // A result that was sent earlier can arrive later.
  if (before && isEnded(before) && !isEnded({ status })) return before;
  const progress = typeof view.progress === 'number' ? Math.min(Math.max(view.progress, 0), 1) : 0;
  const lines = asArray(view.log_tail).flatMap((line) => textOf(line) ?? []);
  const files = asArray(view.files).flatMap(readFile);
  // Only a result with all details names the operation.
  const isWhole = typeof view.operation === 'string';
  const details = {
    operation: textOf(view.operation),
    subject: readSubject(view),
    step: textOf(view.step),
    message: textOf(view.message),
    timeline: readTimeline(view.timeline),
    retriedFrom: textOf(view.retried_from),
    createdAt: timeOf(view.created_at),
    endedAt: timeOf(view.ended_at),
  };
  return {
    jobId: job_id,
    status: status as JobStatus,
    progress: Math.max(progress, before?.progress ?? 0),
    ...(isWhole || !before ? details : keep(before, details)),
    requests: Object.entries(asObject(view.input_requests))
      .flatMap(([key, request]) => readRequest(key, request))
      .map(([key, request]) => [
        key,
        keepUploadUrl(request, before?.requests.find(([name]) => name === key)?.[1]),
      ]),
    lines: (lines.length > 0 ? lines : (before?.lines ?? []))
      .slice(-MAX_LINES)
      .map((line) => cut(line, MAX_LINE)),
    files: files.length > 0 ? files : (before?.files ?? []),
    result: view.result ?? undefined,
    error: readError(view.error),
    pollAfterMs: typeof view.poll_after_ms === 'number' ? view.poll_after_ms : before?.pollAfterMs,
    isWhole,
  };
}

/** Returns the details with those of before in the place of absent ones. */
function keep<Details extends object>(before: CardJob, details: Details): Details {
  const given = Object.entries(details).filter(([, value]) => value !== undefined);
  const kept = Object.keys(details).map((name) => [name, before[name as keyof CardJob]]);
  return { ...Object.fromEntries(kept), ...Object.fromEntries(given) };
}

/** A view has what the job is about directly after its operation. */
function readSubject(view: Readonly<Record<string, unknown>>): string | undefined {
  const names = Object.keys(view);
  const name = names[names.indexOf('operation') + 1] ?? '';
  return names.includes('operation') && !COMMON_FIELDS.has(name) ? textOf(view[name]) : undefined;
}

function readRequest(key: string, request: unknown): [string, InputRequestView][] {
  const { message, url, schema, upload } = asObject(request);
  if (typeof message !== 'string') return [];
  if (typeof url === 'string') return [[key, { message, url }]];
  const { max_bytes, size, url: uploadUrl, url_expires_at } = asObject(upload);
  if (typeof max_bytes === 'number') {
    const shown = {
      method: 'PUT',
      max_bytes,
      ...(typeof size === 'number' && { size }),
      ...(typeof uploadUrl === 'string' && { url: uploadUrl }),
      ...(typeof url_expires_at === 'string' && { url_expires_at }),
    } as const;
    return [[key, { message, upload: shown }]];
  }
  return [[key, { message, schema: asObject(schema) as never }]];
}

/** Each result has a new upload URL. The first one stays while it is valid, so that a user can select it. */
function keepUploadUrl(request: InputRequestView, before: InputRequestView | undefined): InputRequestView {
  if (!('upload' in request) || !before || !('upload' in before)) return request;
  const expiresAt = Date.parse(before.upload.url_expires_at ?? '');
  return expiresAt > Date.now() + URL_MARGIN_MS ? before : request;
}

const URL_MARGIN_MS = 5 * 60_000;

function readError(value: unknown): ErrorView | undefined {
  const { code, message, step, retryable, details } = asObject(value);
  if (typeof code !== 'string' || typeof message !== 'string') return undefined;
  const facts = Object.entries(asObject(details)).map(([name, fact]) => [name, cut(String(fact), MAX_LINE)]);
  return {
    code: cut(code, 100),
    message: cut(message, MAX_TEXT),
    step: textOf(step),
    retryable: retryable === true,
    ...(facts.length > 0 && { details: Object.fromEntries(facts) }),
  };
}

function readFile(value: unknown): CardFile[] {
  const { name, size } = asObject(value);
  return typeof name === 'string' && typeof size === 'number' ? [{ name: cut(name, 255), size }] : [];
}

function readTimeline(value: unknown): Timeline | undefined {
  const { queued_ms, steps } = asObject(value);
  if (!Array.isArray(steps)) return undefined;
  return {
    queued_ms: typeof queued_ms === 'number' ? queued_ms : undefined,
    steps: steps.slice(0, MAX_ITEMS).flatMap(readStep),
  };
}

function readStep(value: unknown): TimelineStep[] {
  const { step, status, started_at, ended_at, attempts, attempts_omitted, waits } = asObject(value);
  if (typeof step !== 'string' || !(isStatus(status) || status === 'reused')) return [];
  return [
    {
      step: cut(step, 100),
      status: status as TimelineStep['status'],
      started_at: timeOf(started_at),
      ended_at: timeOf(ended_at),
      attempts: asArray(attempts).flatMap(readAttempt),
      ...(typeof attempts_omitted === 'number' && { attempts_omitted }),
      waits: asArray(waits).flatMap((wait) => {
        const { asked_at, answered_at } = asObject(wait);
        const asked = timeOf(asked_at);
        return asked ? [{ asked_at: asked, answered_at: timeOf(answered_at) }] : [];
      }),
    },
  ];
}

function readAttempt(value: unknown): StepAttempt[] {
  const { started_at, ended_at, error } = asObject(value);
  const started = timeOf(started_at);
  return started ? [{ started_at: started, ended_at: timeOf(ended_at), error: readError(error) }] : [];
}

function timeOf(value: unknown): string | undefined {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? value : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? cut(value, MAX_TEXT) : undefined;
}

function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(-MAX_ITEMS) : [];
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
