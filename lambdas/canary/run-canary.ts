/** Runs the canary once: starts a job through the public address, and waits for its webhook. */
import { type JsonWebKey, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { log, withLogKeys } from '../shared/observability/log.ts';
import type { MetricName } from '../shared/observability/metric-definitions.ts';
import type { Arrival, CanaryRuns } from './canary-runs.ts';
import { CANARY_PATH } from './canary-settings.ts';
import { Objectives } from './objectives.ts';
import type { AuthorizedFetch } from './sign-in.ts';

export interface RunDependencies {
  /** Returns the keys that verify webhooks. */
  readonly publicKeys: () => Promise<readonly JsonWebKey[]>;
  readonly signIn: () => Promise<AuthorizedFetch>;
  /** Starts a job. @returns its id */
  readonly start: (authorizedFetch: AuthorizedFetch, callbackUrl: string) => Promise<string>;
  readonly runs: Pick<CanaryRuns, 'create' | 'arrival'>;
  /** Base URL of the API, without a trailing slash. */
  readonly apiUrl: string;
  /** Milliseconds of a monotonic clock. @default performance.now */
  readonly now?: () => number;
  /** @default setTimeout */
  readonly sleep?: (ms: number) => Promise<unknown>;
}

/** What one run measured. All times are milliseconds. */
export interface CanaryRun {
  /** From the request to the response. Absent when no request was sent, such as without an access token. */
  readonly startMs?: number;
  /** Absent when the service did not accept the start. */
  readonly jobId?: string;
  /** From the end of the job to its webhook. Absent when the webhook did not arrive. */
  readonly deliveryMs?: number;
}

/** From the start to the webhook: the job itself, and five seconds. A later webhook counts as none. */
export const WAIT_MS = 60_000;
const POLL_MS = 500;

/** What prevents a start counts as a bad start, whether it is the service or the canary. */
export async function runCanary(dependencies: RunDependencies): Promise<CanaryRun> {
  const token = randomBytes(24).toString('base64url');
  const started = await start(dependencies, token);
  const { jobId } = started;
  if (jobId === undefined) return started;
  return withLogKeys({ job_id: jobId }, async () => {
    const arrival = await waitForWebhook(dependencies, token, jobId);
    // The clocks of two machines differ by some milliseconds.
    if (arrival) return { ...started, deliveryMs: Math.max(0, arrival.arrivedMs - arrival.endedMs) };
    log.error('The webhook of the canary did not arrive');
    return started;
  });
}

async function start(
  { publicKeys, runs, signIn, start, apiUrl, now = () => performance.now() }: RunDependencies,
  token: string,
): Promise<CanaryRun> {
  let startedAtMs: number | undefined;
  const elapsed = () => (startedAtMs === undefined ? {} : { startMs: Math.round(now() - startedAtMs) });
  try {
    await runs.create(token, await publicKeys());
    const authorizedFetch = await signIn();
    startedAtMs = now();
    const jobId = await start(authorizedFetch, `${apiUrl}${CANARY_PATH}/${token}`);
    return { jobId, ...elapsed() };
  } catch (error) {
    const run = elapsed();
    log.error('The canary could not start a job', { error });
    return run;
  }
}

async function waitForWebhook(
  { runs, now = () => performance.now(), sleep = delay }: RunDependencies,
  token: string,
  jobId: string,
): Promise<Arrival | undefined> {
  for (const endMs = now() + WAIT_MS; now() < endMs; await sleep(POLL_MS)) {
    // A failed read is repeated.
    const arrival = await runs.arrival(token, jobId).catch((error: unknown) => {
      log.warn('The canary could not read its run', { error });
    });
    if (arrival) return arrival;
  }
  return undefined;
}

/** Returns the metrics of a run. A start that is refused has no end, so it counts as one bad start. */
export function metricsOf({
  startMs,
  jobId,
  deliveryMs,
}: CanaryRun): readonly (readonly [MetricName, number])[] {
  const isGoodStart = jobId !== undefined && startMs !== undefined && startMs <= Objectives.startMs;
  const isGoodDelivery = deliveryMs !== undefined && deliveryMs <= Objectives.deliveryMs;
  return [
    ['CanaryStarts', 1],
    ['CanaryStartsGood', Number(isGoodStart)],
    ...(startMs === undefined ? [] : [['CanaryStartTime', startMs] as const]),
    ...(jobId === undefined
      ? []
      : ([
          ['CanaryDeliveries', 1],
          ['CanaryDeliveriesGood', Number(isGoodDelivery)],
        ] as const)),
    ...(deliveryMs === undefined ? [] : [['CanaryDeliveryTime', deliveryMs] as const]),
  ];
}
