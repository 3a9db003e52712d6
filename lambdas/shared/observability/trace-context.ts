/** Defines trace contexts of the W3C and the trace of a job, and reads the trace header of X-Ray. */
import { randomBytes } from 'node:crypto';

/**
 * A trace context of the W3C, under the names of its HTTP headers: spread it into the headers of a request to another service.
 * @see https://www.w3.org/TR/trace-context/
 */
export interface TraceContext {
  /** `00-<trace id>-<parent id>-<flags>`, in hexadecimal. */
  readonly traceparent: string;
  /** What tracing systems add for themselves; at most 32 entries and 512 characters. */
  readonly tracestate?: string;
}

/** The trace of a job. */
export interface JobTrace extends TraceContext {
  /**
   * X-Ray's id of the trace of the request that created the job, such as `1-5759e988-bd862e3fe1be46a994272793`. It differs from
   * the trace id when the caller sent its own. Absent when X-Ray does not keep the trace.
   */
  readonly xray?: string;
}

/** The parts of a `traceparent`. */
interface TraceParent {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly parentId: string;
  readonly flags: number;
}

/** X-Ray's trace of an invocation. */
export interface XRayTrace {
  /** `1-<8 digits>-<24 digits>` */
  readonly id: string;
  readonly traceId: string;
  /** The segment of this function, or that of its caller. */
  readonly parentId?: string;
  /** Whether X-Ray keeps the trace. */
  readonly sampled: boolean;
}

/** The sampled flag of a `traceparent`. */
export const SAMPLED = 1;

/** @param traceparent a valid one */
export function parseTraceParent({ traceparent }: TraceContext): TraceParent {
  const [, traceId = '', parentId = '', flags = ''] = traceparent.split('-');
  return { traceId, parentId, flags: Number.parseInt(flags, 16) };
}

export function formatTraceParent({ traceId, parentId, flags }: TraceParent): string {
  return `00-${traceId}-${parentId}-${flags.toString(16).padStart(2, '0')}`;
}

/** Returns what other services get of a trace. */
export function toTraceContext({ traceparent, tracestate }: TraceContext): TraceContext {
  return { traceparent, ...(tracestate && { tracestate }) };
}

/** Returns the 32 hexadecimal digits that all services know the trace by. */
export function traceIdOf(trace: TraceContext): string {
  return parseTraceParent(trace).traceId;
}

/** Returns a trace without a caller: X-Ray's, or a new one where there is no X-Ray. */
export function ownTrace(xray: XRayTrace | undefined): TraceParent {
  return {
    traceId: xray?.traceId ?? randomBytes(16).toString('hex'),
    parentId: xray?.parentId ?? randomBytes(8).toString('hex'),
    flags: xray?.sampled ? SAMPLED : 0,
  };
}

/**
 * Reads the trace header of X-Ray: `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`. A caller can
 * choose it, since API Gateway continues the header of a request.
 * @returns undefined without a valid root
 */
export function readXRayHeader(header = ''): XRayTrace | undefined {
  const [, time, unique] = /(?:^|;)Root=1-([0-9a-f]{8})-([0-9a-f]{24})(?:;|$)/.exec(header) ?? [];
  if (!time || !unique || /^0+$/.test(time + unique)) return undefined;
  const [, parentId] = /;Parent=(?!0{16})([0-9a-f]{16})(?:;|$)/.exec(header) ?? [];
  return {
    id: `1-${time}-${unique}`,
    traceId: time + unique,
    ...(parentId && { parentId }),
    sampled: /;Sampled=1(?:;|$)/.test(header),
  };
}
