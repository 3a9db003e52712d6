/** Lets hours pass for the alarms of the template: what sets them off, and what must not. Drills cause the conditions for real. */
import { expect, test } from '@jest/globals';
import {
  METRIC_NAMESPACE,
  type MetricName,
} from '../../../lambdas/shared/observability/metric-definitions.ts';
import { CloudWatch } from '../../../local/cloudwatch/cloudwatch.ts';
import type { Resolve } from '../../../local/template/intrinsics.ts';
import { defaultTemplate } from './monitoring-template.ts';

const SERVICE = 'AsyncOperations';
const { Resources } = defaultTemplate().toJSON();
/** The queue of webhook deliveries. */
const DELIVERIES = Object.keys(Resources).find((id) => /^\w*WebhooksQueue[0-9A-F]{8}$/.test(id)) ?? '';

/** Takes the logical id of a resource as its name. */
const resolve: Resolve = (value) => {
  if (Array.isArray(value)) return value.map(resolve);
  if (typeof value !== 'object' || value === null) return value;
  const [[key, argument] = ['', ''], ...others] = Object.entries(value);
  if (others.length === 0 && (key === 'Ref' || key === 'Fn::GetAtt')) return [argument].flat()[0];
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, resolve(inner)]));
};

/** A deployment whose metrics the test writes. */
class Deployment {
  readonly #cloudWatch = new CloudWatch();
  readonly #setOff = new Set<string>();
  #minute = 0;

  constructor() {
    this.#cloudWatch.readAlarms({ Resources }, resolve);
  }

  count(name: MetricName, ...values: readonly number[]): void {
    for (const value of values) {
      this.#cloudWatch.record(METRIC_NAMESPACE, name, { service: SERVICE }, value);
    }
  }

  aws(namespace: string, name: string, dimensions: Readonly<Record<string, string>>, value: number): void {
    this.#cloudWatch.record(namespace, name, dimensions, value);
  }

  /**
   * Lets minutes pass, with a sweep every two minutes. As in AWS, queues have no data in the first quarter of an hour.
   * @param each runs in each minute
   */
  async pass(minutes: number, each: () => void = () => {}, sweeps: 'sweeping' | 'no sweeps' = 'sweeping') {
    for (let end = this.#minute + minutes; this.#minute < end; this.#minute++) {
      if (this.#minute >= 15) {
        this.aws('AWS/SQS', 'ApproximateNumberOfMessagesVisible', { QueueName: DELIVERIES }, 0);
      }
      if (sweeps === 'sweeping' && this.#minute % 2 === 0) this.count('Sweeps', 1);
      each();
      for (const { name, to } of await this.#cloudWatch.endMinute()) {
        if (to === 'ALARM') this.#setOff.add(name.slice(SERVICE.length + 1));
      }
    }
  }

  /** Names of the alarms that have gone off at least once. */
  get setOff(): readonly string[] {
    return [...this.#setOff].sort();
  }

  stateOf(name: string): string | undefined {
    return this.#cloudWatch.alarms.find((alarm) => alarm.name === `${SERVICE}-${name}`)?.state;
  }
}

/** Adds values that differ from minute to minute, as a busy deployment has them. */
function work(
  deployment: Deployment,
  { requests, jobs }: { readonly requests: number; readonly jobs: number },
): void {
  deployment.aws('AWS/ApiGateway', 'Count', { ApiName: SERVICE }, requests);
  deployment.aws('AWS/ApiGateway', '5XXError', { ApiName: SERVICE }, 0);
  deployment.count('RequestTime', ...Array.from({ length: requests }, (_, index) => 20 + (index % 50)));
  deployment.count('JobsCompleted', jobs);
  deployment.count('WebhookAttempts', jobs);
  deployment.count('WebhookSuccesses', jobs);
}

test('a deployment without any job is quiet for a day', async () => {
  const deployment = new Deployment();
  await deployment.pass(24 * 60);
  expect(deployment.setOff).toEqual([]);
});

test('a new deployment whose sweeps never begin sets off an alarm within half an hour', async () => {
  const deployment = new Deployment();
  await deployment.pass(15, undefined, 'no sweeps');
  expect(deployment.setOff).toEqual([]);
  await deployment.pass(15, undefined, 'no sweeps');
  expect(deployment.setOff).toEqual(['sweep-stopped']);
});

test('sweeps that stop set off one alarm within a quarter of an hour, which lasts until they run again', async () => {
  const deployment = new Deployment();
  await deployment.pass(30);
  await deployment.pass(15, undefined, 'no sweeps');
  expect(deployment.stateOf('sweep-stopped')).toBe('ALARM');
  await deployment.pass(12 * 60, undefined, 'no sweeps');
  expect(deployment.stateOf('sweep-stopped')).toBe('ALARM');
  await deployment.pass(15);
  expect(deployment.stateOf('sweep-stopped')).toBe('OK');
  expect(deployment.setOff).toEqual(['sweep-stopped']);
});

test('the next attempts of webhooks that nobody queues set off an alarm, and a new deployment does not', async () => {
  const deployment = new Deployment();
  let minute = 0;
  const queueing = () => {
    if (minute++ % 5 === 0) deployment.count('OldestWaitingDelivery', 0);
  };
  await deployment.pass(30);
  expect(deployment.stateOf('webhooks-waiting')).toBe('INSUFFICIENT_DATA');
  await deployment.pass(60, queueing);
  expect(deployment.stateOf('webhooks-waiting')).toBe('OK');
  await deployment.pass(20);
  expect(deployment.stateOf('webhooks-waiting')).toBe('ALARM');
  await deployment.pass(12 * 60);
  expect(deployment.stateOf('webhooks-waiting')).toBe('ALARM');
  await deployment.pass(20, queueing);
  expect(deployment.stateOf('webhooks-waiting')).toBe('OK');
  expect(deployment.setOff).toEqual(['webhooks-waiting']);
});

test('jobs that start without events set off an alarm, and those with events do not', async () => {
  const deployment = new Deployment();
  await deployment.pass(60, () => deployment.count('StartsAccepted', 1), 'sweeping');
  expect(deployment.setOff).toEqual(['events-stopped']);
  const well = new Deployment();
  await well.pass(60, () => {
    well.count('StartsAccepted', 1);
    well.count('JobsCreated', 1);
  });
  expect(well.setOff).toEqual([]);
});

test('one of two requests, jobs and attempts that fails is no alarm', async () => {
  const deployment = new Deployment();
  await deployment.pass(120, () => {
    work(deployment, { requests: 2, jobs: 0 });
    deployment.aws('AWS/ApiGateway', '5XXError', { ApiName: SERVICE }, 1);
    deployment.count('RequestTime', 9_000);
  });
  await deployment.pass(60, () => deployment.count('JobsFailed', 1));
  expect(deployment.setOff).toEqual([]);
});

test('a busy deployment in which one request of a hundred fails, and one build of ten, is quiet', async () => {
  const deployment = new Deployment();
  await deployment.pass(120, () => {
    work(deployment, { requests: 200, jobs: 90 });
    deployment.aws('AWS/ApiGateway', '5XXError', { ApiName: SERVICE }, 2);
    deployment.count('RequestErrors', 1);
    deployment.count('JobsFailed', 10);
    deployment.count('ExecutionFailures', 0);
  });
  expect(deployment.setOff).toEqual([]);
});

test('errors that JSON-RPC hides behind status 200 count as errors of the API', async () => {
  const deployment = new Deployment();
  await deployment.pass(15, () => {
    work(deployment, { requests: 20, jobs: 0 });
    deployment.count('RequestErrors', 2);
  });
  expect(deployment.setOff).toEqual(['api-errors']);
});

test('throttles of a table set off an alarm that ends although the table has no data afterwards', async () => {
  const deployment = new Deployment();
  const [table] = Object.keys(defaultTemplate().findResources('AWS::DynamoDB::GlobalTable'));
  await deployment.pass(15, () =>
    deployment.aws('AWS/DynamoDB', 'WriteThrottleEvents', { TableName: table ?? '' }, 5),
  );
  expect(deployment.stateOf('tables-throttled')).toBe('ALARM');
  await deployment.pass(20);
  expect(deployment.stateOf('tables-throttled')).toBe('OK');
  expect(deployment.setOff).toEqual(['tables-throttled']);
});

test('endpoints that refuse most attempts set off an alarm, and a deployment without webhooks does not', async () => {
  const deployment = new Deployment();
  await deployment.pass(60, () => {
    deployment.count('WebhookAttempts', 10);
    deployment.count('WebhookSuccesses', 4);
  });
  expect(deployment.setOff).toEqual(['webhooks-failing']);
});

test.each([
  ['jobs-failing', { JobsFailed: 22 }],
  ['webhooks-failing', { WebhookAttempts: 60, WebhookSuccesses: 0 }],
])('%s ends within three quarters of an hour although nothing more is sent', async (alarm, counts) => {
  const deployment = new Deployment();
  let minute = 0;
  const fail = () => {
    if (minute++ % 15 !== 0) return;
    for (const [name, count] of Object.entries(counts)) deployment.count(name as MetricName, count);
  };
  await deployment.pass(45, fail);
  expect(deployment.stateOf(alarm)).toBe('ALARM');
  await deployment.pass(45);
  expect(deployment.stateOf(alarm)).toBe('OK');
  expect(deployment.setOff).toEqual([alarm]);
});
