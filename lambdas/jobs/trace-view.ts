/** Maps the trace of a job to what callers and operators see. */
import { region as ownRegion } from '../shared/env.ts';
import { type JobTrace, traceIdOf } from '../shared/observability/trace-context.ts';

export interface TraceView {
  /** 32 hexadecimal digits: that of the caller's trace, else that of X-Ray's. Log lines and webhooks have it too. */
  readonly trace_id: string;
  /**
   * X-Ray's trace of the request that created the job, with the execution and the steps. Absent when X-Ray does not keep it. The
   * deliveries have traces of their own in X-Ray, since DynamoDB streams pass none on.
   */
  readonly url?: string;
}

/** By the start of the region's name. */
const CONSOLES: readonly (readonly [prefix: string, host: string])[] = [
  ['cn-', 'console.amazonaws.cn'],
  ['us-gov-', 'console.amazonaws-us-gov.com'],
  ['', 'console.aws.amazon.com'],
];

/** @param region of the deployment. @default that of this function. @returns undefined for a job of version 0.2 */
export function viewTrace(trace: JobTrace | undefined, region = ownRegion()): TraceView | undefined {
  if (!trace) return undefined;
  const { xray } = trace;
  const host = CONSOLES.find(([prefix]) => region.startsWith(prefix))?.[1];
  return {
    trace_id: traceIdOf(trace),
    ...(xray && { url: `https://${host}/cloudwatch/home?region=${region}#xray:traces/${xray}` }),
  };
}
