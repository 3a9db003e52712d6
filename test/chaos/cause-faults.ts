/** Causes the faults of a run: kills functions, delivers twice and late, and throttles. */
import type { LocalCloud } from '../../local/cloud.ts';
import { seeded } from './seeded.ts';

export interface FaultShares {
  readonly seed: number;
  /** The share of requests that DynamoDB and Step Functions throttle, 0..1. */
  readonly throttled: number;
  /** The share of invocations whose instance is killed, if they last long enough, 0..1. */
  readonly killed: number;
}

export interface FaultCounts {
  killed: number;
  /** Kills by job, of functions whose invocation names one job. */
  readonly killsOfJob: Map<string, number>;
  throttledTables: number;
  throttledExecutions: number;
  duplicatedRecords: number;
  duplicatedMessages: number;
  lateMessages: number;
}

/** Of the share of killed invocations: a killed delivery holds one of the four slots of its owner for 20 s. */
const KILLED_DELIVERIES = 0.2;
const DUPLICATED = 0.03;
const LATE = 0.03;
const STEP_FUNCTIONS = [
  'DescribeExecution',
  'ListExecutions',
  'SendTaskFailure',
  'SendTaskHeartbeat',
  'SendTaskSuccess',
  'StartExecution',
  'StopExecution',
];

/** @returns counts, and a function that ends all faults */
export function causeFaults(cloud: LocalCloud, { seed, throttled, killed }: FaultShares) {
  const counts: FaultCounts = {
    killed: 0,
    killsOfJob: new Map(),
    throttledTables: 0,
    throttledExecutions: 0,
    duplicatedRecords: 0,
    duplicatedMessages: 0,
    lateMessages: 0,
  };
  const onKilled = (_name: string, payload = '') => {
    counts.killed += 1;
    const jobId = /"jobId":"([\w-]+)"/.exec(payload)?.[1];
    if (jobId) counts.killsOfJob.set(jobId, (counts.killsOfJob.get(jobId) ?? 0) + 1);
  };
  const kills = seeded(seed, 'kills');
  const throttles = seeded(seed, 'throttles');
  const order = seeded(seed, 'order');
  const kill = { random: kills, onStrike: onKilled };
  /** Causes a fault everywhere, and counts it. */
  const cause = (
    fault: Parameters<typeof cloud.faults.cause>[0],
    share: number,
    random: () => number,
    counter: Exclude<keyof FaultCounts, 'killsOfJob'>,
  ) => cloud.faults.cause(fault, '', { share, random, onStrike: () => void counts[counter]++ });
  const ends = [
    // The first cause that fits counts.
    cloud.faults.cause('killed-invocation', 'WebhooksDeliver', {
      ...kill,
      share: killed * KILLED_DELIVERIES,
    }),
    cloud.faults.cause('killed-invocation', '', { ...kill, share: killed }),
    cause('throttled-table', throttled, throttles, 'throttledTables'),
    cause('duplicated-records', DUPLICATED, order, 'duplicatedRecords'),
    cause('duplicated-messages', DUPLICATED, order, 'duplicatedMessages'),
    cause('late-messages', LATE, order, 'lateMessages'),
    ...STEP_FUNCTIONS.map((action) =>
      cloud.throttle(action, () => {
        const isThrottled = throttles() < throttled;
        if (isThrottled) counts.throttledExecutions++;
        return isThrottled;
      }),
    ),
  ];
  return {
    counts,
    end() {
      for (const end of ends) end();
    },
  };
}
