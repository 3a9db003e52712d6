/**
 * Follows a trace through the service: from a request to its job, the attempts of its steps and the deliveries of its webhooks.
 *
 * A caller's trace id goes through everything to the webhook. X-Ray has a trace of its own for the request, since API Gateway
 * begins one. AWS passes it on: from the gateway to the function, the execution of the job and its steps. DynamoDB streams pass on
 * none, so the record of a job has both. Without a caller's trace, X-Ray's is the one.
 *
 * A caller's sampled flag reaches webhooks and nothing else. X-Ray decides what this deployment records, so that no caller makes
 * it record more. `baggage` is ignored: it can hold anything, and webhooks would give it to third parties.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Attributes,
  context as activeContext,
  createTraceState,
  type Link,
  trace as openTelemetry,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
} from '@opentelemetry/api';
import { withLogKeys } from './log.ts';
import { readTraceContext } from './read-trace-context.ts';
import {
  formatTraceParent,
  type JobTrace,
  ownTrace,
  parseTraceParent,
  readXRayHeader,
  SAMPLED,
  traceIdOf,
  type XRayTrace,
} from './trace-context.ts';

/** A span of OpenTelemetry. Without an SDK in the process it is nothing. */
export interface SpanOptions {
  readonly name: string;
  /** @default SpanKind.INTERNAL */
  readonly kind?: SpanKind;
  /** Nothing from a caller but ids and names. */
  readonly attributes?: Attributes;
  /** Traces that belong to the span without being its parent. */
  readonly links?: readonly (JobTrace | undefined)[];
  /** Whether an error means that the work failed. @default every error */
  readonly isFailure?: (error: unknown) => boolean;
}

const current = new AsyncLocalStorage<JobTrace>();
/** The SDK may register later. */
const tracer = openTelemetry.getTracer('mcp-async-operations');

/** X-Ray's trace of this invocation. Lambda sets the variable, and changes it for each. */
function xrayTrace(): XRayTrace | undefined {
  return readXRayHeader(process.env._X_AMZN_TRACE_ID);
}

/**
 * Handles a request in its caller's trace, or in a new one.
 * @param carriers where the caller can name its trace, the first one first: `_meta` counts before the headers (OpenTelemetry's
 *   conventions for MCP). An invalid one is ignored.
 * @param xray @default the trace of this invocation
 */
export function inRequestTrace<T>(
  carriers: readonly { readonly traceparent?: unknown; readonly tracestate?: unknown }[],
  span: SpanOptions,
  handle: () => Promise<T>,
  xray: XRayTrace | undefined = xrayTrace(),
): Promise<T> {
  const [caller, ...others] = carriers.flatMap((carrier) => readTraceContext(carrier) ?? []);
  const own = ownTrace(xray);
  const ownContext = { traceparent: formatTraceParent(own) };
  const kept = xray?.sampled && { xray: xray.id };
  const received = { ...(caller ?? ownContext), ...kept };
  const links = [...others, ...(caller && xray ? [ownContext] : [])];
  // The parent of what follows is this request, not the caller.
  const passedOn = {
    ...received,
    traceparent: formatTraceParent({ ...parseTraceParent(received), parentId: own.parentId }),
  };
  return inSpan(received, { kind: SpanKind.SERVER, ...span, links }, handle, passedOn);
}

/**
 * Runs a function in a trace: its log lines have the trace id, and `currentTrace` returns what is to be passed on.
 * @param passedOn the trace when no span is recorded. @default the same
 */
export function inSpan<T>(
  trace: JobTrace,
  { name, kind, attributes, links = [], isFailure = () => true }: SpanOptions,
  run: (trace: JobTrace) => Promise<T>,
  passedOn: JobTrace = trace,
): Promise<T> {
  const isOutermost = current.getStore() === undefined;
  const parent = openTelemetry.setSpanContext(ROOT_CONTEXT, spanContextOf(trace));
  const span = tracer.startSpan(name, { kind, attributes, links: linksOf(links) }, parent);
  const inner = span.isRecording() ? childOf(trace, span) : passedOn;
  const work = async (): Promise<T> => {
    try {
      return await run(inner);
    } catch (error) {
      // Not its message, which can repeat what a caller sent.
      span.setAttribute('error.type', error instanceof Error ? error.name : typeof error);
      if (isFailure(error)) span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
      if (isOutermost && inner !== passedOn) await flush();
    }
  };
  return withLogKeys({ trace_id: traceIdOf(inner) }, () =>
    current.run(inner, () => activeContext.with(openTelemetry.setSpan(parent, span), work)),
  );
}

/** Returns the trace of the request that is handled; of a job's step in its function. A new one where there is none. */
export function currentTrace(): JobTrace {
  const known = current.getStore();
  if (known) return known;
  const xray = xrayTrace();
  const active = openTelemetry.getActiveSpan()?.spanContext();
  const own = active
    ? { traceId: active.traceId, parentId: active.spanId, flags: active.traceFlags }
    : ownTrace(xray);
  return { traceparent: formatTraceParent(own), ...(xray?.sampled && { xray: xray.id }) };
}

/** The sampled flag is X-Ray's decision, not that of the caller. */
function spanContextOf(trace: JobTrace): SpanContext {
  const { traceId, parentId } = parseTraceParent(trace);
  return {
    traceId,
    spanId: parentId,
    traceFlags: trace.xray === undefined ? TraceFlags.NONE : TraceFlags.SAMPLED,
    isRemote: true,
    ...(trace.tracestate && { traceState: createTraceState(trace.tracestate) }),
  };
}

function linksOf(traces: readonly (JobTrace | undefined)[]): Link[] {
  return traces.flatMap((trace) => (trace ? [{ context: spanContextOf(trace) }] : []));
}

function childOf(trace: JobTrace, span: Span): JobTrace {
  const { flags } = parseTraceParent(trace);
  const { traceId, spanId } = span.spanContext();
  return { ...trace, traceparent: formatTraceParent({ traceId, parentId: spanId, flags: flags | SAMPLED }) };
}

/** A collector that does not respond may delay a request so long. */
const FLUSH_TIMEOUT_MS = 500;

/** Exports the spans. Lambda freezes the process when the invocation ends. */
async function flush(): Promise<void> {
  const provider: object = openTelemetry.getTracerProvider();
  const sdk = 'getDelegate' in provider ? (provider.getDelegate as () => object)() : provider;
  if (!('forceFlush' in sdk)) return;
  const flushed = (sdk.forceFlush as () => Promise<void>)().catch(() => {});
  await Promise.race([flushed, delay(FLUSH_TIMEOUT_MS, undefined, { ref: false })]);
}
