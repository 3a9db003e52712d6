/** Reads and writes trace contexts of the W3C, and reads the trace header of X-Ray. */
import { randomBytes } from 'node:crypto';
import { createTraceState } from '@opentelemetry/api';

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
export interface TraceParent {
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
/** The flags that exist: sampled, and random trace id. */
const KNOWN_FLAGS = 3;
const VERSION_00_CHARACTERS = 55;
const MAX_TRACEPARENT_CHARACTERS = 256;
const MAX_TRACESTATE_CHARACTERS = 512;
const MAX_TRACESTATE_MEMBERS = 32;

const TRACEPARENT =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/**
 * Reads the trace context of a caller, by the rules of the W3C. Nothing invalid passes, so that a trace context can go into
 * headers and logs.
 * @returns undefined when the `traceparent` is missing or invalid. An invalid `tracestate` is left out.
 */
export function readTraceContext({
  traceparent,
  tracestate,
}: {
  readonly traceparent?: unknown;
  readonly tracestate?: unknown;
}): TraceContext | undefined {
  if (typeof traceparent !== 'string' || traceparent.length > MAX_TRACEPARENT_CHARACTERS) return undefined;
  const [, version, traceId, parentId, flags] = TRACEPARENT.exec(traceparent) ?? [];
  if (!version || !traceId || !parentId || !flags) return undefined;
  // Only later versions may have more parts.
  if (version === '00' && traceparent.length !== VERSION_00_CHARACTERS) return undefined;
  const state = readTraceState(tracestate);
  return {
    traceparent: formatTraceParent({ traceId, parentId, flags: Number.parseInt(flags, 16) & KNOWN_FLAGS }),
    ...(state && { tracestate: state }),
  };
}

/** @returns the valid entries; an empty text when there are none, or too many */
function readTraceState(tracestate: unknown): string {
  if (typeof tracestate !== 'string' || tracestate.length > MAX_TRACESTATE_CHARACTERS) return '';
  if (tracestate.split(',').length > MAX_TRACESTATE_MEMBERS) return '';
  return createTraceState(tracestate).serialize();
}

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
