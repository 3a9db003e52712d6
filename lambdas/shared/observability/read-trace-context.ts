/** Reads the trace context of a caller. */
import { createTraceState } from '@opentelemetry/api';
import { formatTraceParent, type TraceContext } from './trace-context.ts';

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
