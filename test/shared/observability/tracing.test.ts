/** Tests how a trace goes from a request to what follows it, without an SDK of OpenTelemetry and with one. */
import { jest } from '@jest/globals';
import { trace as openTelemetry } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  ParentBasedSampler,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import {
  type JobTrace,
  readXRayHeader,
  traceIdOf,
} from '../../../lambdas/shared/observability/trace-context.ts';
import { currentTrace, inRequestTrace, inSpan } from '../../../lambdas/shared/observability/tracing.ts';

const caller = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', tracestate: 'a=1' };
const other = { traceparent: '00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-00' };
const invalid = { traceparent: 'ff-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-00' };
const ROOT = '1-5759e988-bd862e3fe1be46a994272793';
const kept = readXRayHeader(`Root=${ROOT};Parent=53995c3f42cd8ad8;Sampled=1`);
const unkept = readXRayHeader(`Root=${ROOT};Parent=53995c3f42cd8ad8;Sampled=0`);

const receive = (carriers: Parameters<typeof inRequestTrace>[0], xray = kept): Promise<JobTrace> =>
  inRequestTrace(carriers, { name: 'request' }, async () => currentTrace(), xray);

describe('without an SDK', () => {
  test('a request continues its caller’s trace under another parent, and keeps X-Ray’s trace beside it', async () => {
    expect(await receive([caller])).toEqual({
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-53995c3f42cd8ad8-01',
      tracestate: 'a=1',
      xray: ROOT,
    });
  });

  test('the first valid trace counts', async () => {
    expect(traceIdOf(await receive([caller, other]))).toBe(traceIdOf(caller));
    expect(traceIdOf(await receive([{}, other]))).toBe(traceIdOf(other));
    expect(traceIdOf(await receive([invalid, other]))).toBe(traceIdOf(other));
  });

  test('a request without a trace has X-Ray’s', async () => {
    expect(await receive([{}, invalid])).toEqual({
      traceparent: '00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01',
      xray: ROOT,
    });
  });

  test('a trace that X-Ray does not keep has no link to X-Ray, and the caller’s flag reaches its receivers', async () => {
    expect(await receive([{}], unkept)).toEqual({
      traceparent: '00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-00',
    });
    expect(await receive([caller], unkept)).toEqual({
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-53995c3f42cd8ad8-01',
      tracestate: 'a=1',
    });
  });

  test('where there is no X-Ray, each request without a trace begins one', async () => {
    const [one, another] = await Promise.all(
      [1, 2].map(() => inRequestTrace([], { name: 'request' }, async () => currentTrace())),
    );
    expect(one?.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(one?.traceparent).not.toBe(another?.traceparent);
  });

  test('what follows has the same trace', async () => {
    expect(await inSpan(caller, { name: 'step' }, async (trace) => trace)).toBe(caller);
    expect(await inSpan(caller, { name: 'step' }, async () => currentTrace())).toBe(caller);
  });

  test('an error passes unchanged', async () => {
    const error = new Error('of the step');
    await expect(inSpan(caller, { name: 'step' }, () => Promise.reject(error))).rejects.toBe(error);
  });
});

describe('with an SDK', () => {
  const exporter = new InMemorySpanExporter();

  beforeAll(() => {
    const provider = new BasicTracerProvider({
      // As `tracing` sets it for ADOT.
      sampler: new ParentBasedSampler({ root: new AlwaysOffSampler() }),
      spanProcessors: [new SimpleSpanProcessor(exporter)],
    });
    // An SDK accepts no older @opentelemetry/api than its own, and no much newer one.
    expect(openTelemetry.setGlobalTracerProvider(provider)).toBe(true);
  });
  beforeEach(() => exporter.reset());
  afterAll(() => openTelemetry.disable());

  const span = (name: string) => exporter.getFinishedSpans().find((one) => one.name === name);

  test('spans nest from the request to the delivery, over what is passed on', async () => {
    const job = await inRequestTrace(
      [caller, other],
      { name: 'tools/call start_build' },
      () => inSpan(currentTrace(), { name: 'start build', links: [other] }, async (trace) => trace),
      kept,
    );
    const webhook = await inSpan(job, { name: 'deliver job.completed' }, async (trace) => trace);

    const [request, start, delivery] = [
      span('tools/call start_build'),
      span('start build'),
      span('deliver job.completed'),
    ];
    expect(request?.parentSpanContext).toMatchObject({ spanId: '00f067aa0ba902b7' });
    expect(start?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId);
    expect(delivery?.parentSpanContext?.spanId).toBe(start?.spanContext().spanId);
    for (const each of exporter.getFinishedSpans()) {
      expect(each.spanContext()).toMatchObject({ traceId: traceIdOf(caller) });
    }
    const { spanId } = delivery?.spanContext() ?? {};
    expect(webhook).toEqual({ ...caller, xray: ROOT, traceparent: `00-${traceIdOf(caller)}-${spanId}-01` });
    // The trace of the connection and that of X-Ray; the retried job.
    expect(request?.links.map(({ context }) => context.traceId)).toEqual([
      traceIdOf(other),
      '5759e988bd862e3fe1be46a994272793',
    ]);
    expect(start?.links.map(({ context }) => context.traceId)).toEqual([traceIdOf(other)]);
  });

  test('an export that hangs delays a request by half a second at most', async () => {
    const stuck = jest.spyOn(exporter, 'forceFlush').mockReturnValue(new Promise(() => {}));
    const beganMs = Date.now();
    await receive([caller]);
    expect(stuck).toHaveBeenCalled();
    expect(Date.now() - beganMs).toBeLessThan(5_000);
    stuck.mockRestore();
  }, 10_000);

  test('a caller cannot have spans recorded that X-Ray does not keep', async () => {
    await receive([caller], unkept);
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  test('a failed span has the type of its error, and not its message', async () => {
    const failing = inSpan({ ...caller, xray: ROOT }, { name: 'step' }, () =>
      Promise.reject(new TypeError('the secret is hunter2')),
    );
    await expect(failing).rejects.toThrow();
    expect(span('step')).toMatchObject({ status: { code: 2 }, attributes: { 'error.type': 'TypeError' } });
    expect(JSON.stringify([span('step')?.status, span('step')?.events])).not.toContain('hunter2');
  });
});
