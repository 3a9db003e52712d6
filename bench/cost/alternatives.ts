/**
 * Computes what the same work costs on other services, from their public prices for US East (N. Virginia).
 *
 * The prices were read on 2026-11-27 from stored copies of the pages, or of the price list of AWS, whose own date is beside each.
 * What a service does not do is not priced either: see the notes.
 */
import type { PricedWorkload } from './workloads.ts';

/** A price with its page, and the date of the copy that was read. */
export interface Price {
  readonly what: string;
  readonly usd: number;
  readonly unit: string;
  readonly source: string;
  readonly date: string;
}

const price = (what: string, usd: number, unit: string, source: string, date: string): Price => ({
  what,
  usd,
  unit,
  source,
  date,
});

export const PRICES = {
  durableOperation: price(
    'Lambda durable functions: operation',
    8 / 1e6,
    'operation',
    'https://aws.amazon.com/lambda/pricing/',
    '2026-09-20',
  ),
  durableWrittenGb: price(
    'Lambda durable functions: data written',
    0.25,
    'GB',
    'https://aws.amazon.com/lambda/pricing/',
    '2026-09-20',
  ),
  durableRetainedGbMonth: price(
    'Lambda durable functions: data retained',
    0.15,
    'GB-month',
    'https://aws.amazon.com/lambda/pricing/',
    '2026-09-20',
  ),
  lambdaGbSecond: price(
    'Lambda, arm64',
    0.0000133334,
    'GB-second',
    'https://aws.amazon.com/lambda/pricing/',
    '2026-09-06',
  ),
  fargateCpuHour: price(
    'Fargate, arm64: vCPU',
    0.03238,
    'hour',
    'https://aws.amazon.com/fargate/pricing/',
    '2026-03-31',
  ),
  fargateGbHour: price(
    'Fargate, arm64: memory',
    0.00356,
    'GB-hour',
    'https://aws.amazon.com/fargate/pricing/',
    '2026-03-31',
  ),
  balancerHour: price(
    'Application Load Balancer',
    0.0225,
    'hour',
    'https://aws.amazon.com/elasticloadbalancing/pricing/',
    '2026-08-31',
  ),
  balancerUnitHour: price(
    'Application Load Balancer: capacity unit',
    0.008,
    'hour',
    'https://aws.amazon.com/elasticloadbalancing/pricing/',
    '2026-08-31',
  ),
  addressHour: price(
    'Public IPv4 address',
    0.005,
    'hour',
    'https://aws.amazon.com/vpc/pricing/',
    '2026-07-24',
  ),
  valkeyGbHour: price(
    'ElastiCache Serverless for Valkey: data, at least 0.1 GB',
    0.084,
    'GB-hour',
    'https://aws.amazon.com/elasticache/pricing/',
    '2026-06-30',
  ),
  valkeyUnit: price(
    'ElastiCache Serverless for Valkey: ECPU',
    0.0023 / 1e6,
    'ECPU',
    'https://aws.amazon.com/elasticache/pricing/',
    '2026-06-30',
  ),
  agentCpuHour: price(
    'AgentCore Runtime: vCPU used',
    0.0895,
    'hour',
    'https://aws.amazon.com/bedrock/agentcore/pricing/',
    '2026-06-13',
  ),
  agentGbHour: price(
    'AgentCore Runtime: peak memory',
    0.00945,
    'GB-hour',
    'https://aws.amazon.com/bedrock/agentcore/pricing/',
    '2026-06-13',
  ),
  temporalAction: price(
    'Temporal Cloud, plan Developer: action',
    50 / 1e6,
    'action',
    'https://docs.temporal.io/cloud/pricing',
    '2026-11-27',
  ),
  temporalRetainedGbHour: price(
    'Temporal Cloud: retained history',
    0.00105,
    'GB-hour',
    'https://docs.temporal.io/cloud/pricing',
    '2026-11-27',
  ),
} as const satisfies Readonly<Record<string, Price>>;

/** Of the plan Developer: the part of the use that it adds for support. */
const TEMPORAL_SUPPORT = 0.1;
const HOURS_OF_MONTH = 730;

/** What a workload needs beyond its own measurement. */
interface Shape {
  /** The worker that runs one job at a time, about as large as the functions here. */
  readonly worker: { readonly cpus: number; readonly gb: number };
  readonly cpuSeconds: number;
  readonly peakGb: number;
  /** Heartbeats that report progress and learn of a cancellation. */
  readonly heartbeats: number;
}

/** Of the workloads, by name. */
const SHAPES: Readonly<Record<string, Shape>> = {
  build: { worker: { cpus: 1, gb: 2 }, cpuSeconds: 120, peakGb: 1, heartbeats: 12 },
  'small job': { worker: { cpus: 0.25, gb: 0.5 }, cpuSeconds: 0.5, peakGb: 0.25, heartbeats: 0 },
  wait: { worker: { cpus: 0, gb: 0 }, cpuSeconds: 0, peakGb: 0.25, heartbeats: 0 },
};
/** Seconds that a session of AgentCore lives for a workload. */
const WAIT_SECONDS = 60;
/** Share of their time in which workers have a job. */
const WORKER_USE = 0.5;
/** Bytes that the history of one step takes. */
const STEP_BYTES = 4_096;
const GB = 1_024 ** 3;
const DURABLE_RETENTION_DAYS = 14;
/** Of the function that replays the code between steps: GB × seconds. */
const REPLAY_GB_SECONDS = 0.25 * 0.1;
/** Requests to the queue and the state of one job, of 1 KB. */
const VALKEY_UNITS = 200;

/** US dollars of a month: always, and for each workload. */
export interface Bill {
  readonly service: string;
  readonly fixed: number;
  readonly each: number;
  /** Fewer than this many US dollars for all of the workloads' code is not possible: a worker is always there. @default 0 */
  readonly leastCode?: number;
  /** The part of `each` that `leastCode` bounds. */
  readonly code?: number;
}

export function monthlyUsd({ fixed, each, leastCode = 0, code = 0 }: Bill, count: number): number {
  return fixed + count * (each - code) + Math.max(leastCode, count * code);
}

const hours = (usdAnHour: number) => usdAnHour * HOURS_OF_MONTH;

/** A load balancer with little traffic, and two of the smallest tasks in two zones: a server that answers MCP. */
const server = () =>
  hours(
    PRICES.balancerHour.usd +
      PRICES.balancerUnitHour.usd +
      2 * (0.25 * PRICES.fargateCpuHour.usd + 0.5 * PRICES.fargateGbHour.usd + PRICES.addressHour.usd),
  );

function workers({ worker: { cpus, gb } }: Shape, seconds: number) {
  if (cpus === 0) return {};
  const usdAnHour = cpus * PRICES.fargateCpuHour.usd + gb * PRICES.fargateGbHour.usd + PRICES.addressHour.usd;
  return { leastCode: hours(usdAnHour), code: (seconds / 3_600 / WORKER_USE) * usdAnHour };
}

/** @param idleUsd of a month of this stack without jobs */
export function billsOf(workload: PricedWorkload, idleUsd: number): readonly Bill[] {
  const { name, usd, codeUsd, callsUsd, steps, seconds } = workload;
  const shape = SHAPES[name];
  if (!shape) throw new Error(`The workload "${name}" has no shape. Add it to SHAPES.`);
  const onWorkers = workers(shape, seconds);
  const { code = 0 } = onWorkers;
  const operations = steps > 0 ? 1 + steps : 0;
  const historyGb = (operations * STEP_BYTES) / GB;
  const durable =
    callsUsd +
    codeUsd +
    operations * (PRICES.durableOperation.usd + REPLAY_GB_SECONDS * PRICES.lambdaGbSecond.usd) +
    historyGb *
      (PRICES.durableWrittenGb.usd + (DURABLE_RETENTION_DAYS / 30) * PRICES.durableRetainedGbMonth.usd);
  const lifeSeconds = seconds || WAIT_SECONDS;
  const agent =
    (shape.cpuSeconds * PRICES.agentCpuHour.usd + lifeSeconds * shape.peakGb * PRICES.agentGbHour.usd) /
    3_600;
  const actions = operations + shape.heartbeats;
  const temporal =
    (actions * PRICES.temporalAction.usd + historyGb * 24 * PRICES.temporalRetainedGbHour.usd) *
    (1 + TEMPORAL_SUPPORT);
  return [
    { service: 'this project', fixed: idleUsd, each: usd },
    // A wait is a call that a function holds, as here.
    { service: 'Lambda durable functions', fixed: 0, each: durable },
    {
      service: 'FastMCP, Valkey, Fargate',
      fixed: server() + hours(0.1 * PRICES.valkeyGbHour.usd),
      each: code + (steps > 0 ? VALKEY_UNITS * PRICES.valkeyUnit.usd : 0),
      ...onWorkers,
    },
    { service: 'AgentCore Runtime', fixed: 0, each: agent },
    { service: 'Temporal Cloud, Fargate', fixed: server(), each: code + temporal, ...onWorkers },
  ];
}

/** What the figures assume, and what they leave out. */
export const NOTES: readonly string[] = [
  'Everywhere: the same durations; no free tier, discounts, taxes; no transfer of packages; operation and support by people are not priced.',
  'This project: counted on the local cloud; always on are alarms, dashboard, secrets and empty queues.',
  'Lambda durable functions: one operation for the start and one for each step, which the function invokes in the same functions as here; 4 KB of history a step for 14 days. API Gateway, function and reads of the calls as here. Without a job list, progress inside steps, webhooks, events and alarms.',
  'FastMCP, Valkey, Fargate: a load balancer, two tasks of 0.25 vCPU and 0.5 GB, the smallest cache; for builds workers of 1 vCPU and 2 GB, for small jobs of 0.25 vCPU and 0.5 GB, each with a public address, one at least, busy half of the time. Builds of several owners share a worker: there is no sandbox. A task that ends with its worker starts again or is lost.',
  'AgentCore Runtime: a session for each job, which ends with it (StopRuntimeSession); a session that is left alone is paid 15 minutes more by default. 1 vCPU busy and 1 GB for builds. No load balancer; a job lives in its session, 8 hours at most, and its record is lost with it.',
  'Temporal Cloud, Fargate: plan Developer; one action for the start, one for each step, and a heartbeat each 10 s in builds for progress and cancel; polls by DescribeWorkflow, which is no action; history for a day. Workers and servers as with FastMCP.',
];
