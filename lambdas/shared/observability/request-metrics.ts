/** Measures requests to the MCP endpoint and to the management API: their time, their waits, the jobs they start and read, refusals. */
import type { MiddlewareObj } from '@middy/core';
import { CodedError, ErrorCode } from '../errors.ts';
import { addMetric, addMetricProperty, setMetricSubject } from './metrics.ts';

type MeasuredJob = Parameters<typeof setMetricSubject>[0];

/** Codes of faults of the service: it is broken or throttled. */
const FAULTS: ReadonlySet<string> = new Set([
  ErrorCode.internal,
  ErrorCode.resourceExhausted,
  ErrorCode.startFailed,
  ErrorCode.workspaceUnavailable,
]);

/** What is known of the request that this instance handles. Lambda gives an instance one request at a time. */
let request = begin();

function begin() {
  return { startedMs: Date.now(), waitedMs: 0, waits: false, starts: false, hasFailed: false };
}

/** Returns the middleware that measures each request of a function. It belongs after `writeMetrics`. */
export function measureRequests(): MiddlewareObj {
  return {
    before: () => {
      request = begin();
    },
    after: ({ response }) => {
      if (!request.waits && !isStream(response)) addMetric('RequestTime', elapsedMs());
    },
    onError: ({ error }) => measureFailure(error),
  };
}

function isStream(response: unknown): boolean {
  const { headers } = Object(response);
  return String(Object(headers)['content-type']).startsWith('text/event-stream');
}

function elapsedMs(): number {
  return Date.now() - request.startedMs;
}

/** Says that the request is to create a job: a failure before `measureStart` or `endStart` is a failed start. */
export function beginStart(): void {
  request.starts = true;
}

/** Says that the request creates no job: it found one, or returns a result. */
export function endStart(): void {
  request.starts = false;
}

/** Counts a job that the request created. */
export function measureStart(job: MeasuredJob): void {
  endStart();
  setMetricSubject(job);
  addMetric('StartsAccepted', 1);
  addMetric('StartTime', elapsedMs() - request.waitedMs);
}

/** Counts a read of one job. */
export function measurePoll(job: MeasuredJob): void {
  setMetricSubject(job);
  addMetric('Polls', 1);
}

/** Counts a wait for jobs. */
export function measureWait(sinceMs: number): void {
  addMetric('Waits', 1);
  addMetric('WaitTime', Date.now() - sinceMs);
}

/** Leaves a time out of the times of the request: it waited for a job, an operation or a receiver of the caller. */
export function excludeTime(ms: number): void {
  request.waits = true;
  request.waitedMs += ms;
}

/** Counts a request that fails by a fault of the service, or by a limit of its owner. Other errors are faults of the caller. */
export function measureFailure(error: unknown): void {
  const { code, details } = error instanceof CodedError ? error : { code: ErrorCode.internal };
  const limit = code === ErrorCode.resourceExhausted ? details?.limit : undefined;
  // One layer after the other maps an error.
  if (request.hasFailed) return;
  if (limit !== undefined) {
    addMetric('LimitRefusals', 1);
    // `limit` is a command of Logs Insights.
    addMetricProperty('limit_name', String(limit));
  } else if (FAULTS.has(code)) {
    addMetric('RequestErrors', 1);
    if (request.starts) addMetric('StartsFailed', 1);
  } else return;
  request.hasFailed = true;
  addMetricProperty('codes', [code]);
}
