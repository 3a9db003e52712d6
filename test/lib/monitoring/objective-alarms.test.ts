/** Tests the alarms on the objectives: evaluates those of a template on traffic, minute by minute. */
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AlarmFactory } from '../../../lib/monitoring/alarm-factory.ts';
import { addObjectiveAlarms } from '../../../lib/monitoring/objective-alarms.ts';
import { CloudWatch } from '../../../local/cloudwatch/cloudwatch.ts';
import type { Template as LocalTemplate } from '../../../local/template/assembly.ts';
import { createResolver } from '../../../local/template/intrinsics.ts';

const stack = new Stack(new App(), 'Jobs');
const factory = new AlarmFactory(stack, 'Alarms', {
  service: 'Jobs',
  runbooks: 'https://wiki.example.com',
  alarmActions: [],
  okActions: [],
});
addObjectiveAlarms(factory, 'Jobs');
const template = Template.fromStack(stack).toJSON() as LocalTemplate;

type Values = Readonly<Record<string, readonly number[]>>;

/** Runs CloudWatch over some minutes. @returns the alarms that are on after each minute, without the windows */
async function minutes(
  count: number,
  valuesOf: (minute: number) => Values,
): Promise<readonly (readonly string[])[]> {
  const cloudWatch = new CloudWatch();
  cloudWatch.readAlarms(
    template,
    createResolver({ template, stackName: 'Jobs', addresses: { sqs: '', api: '' } }),
  );
  const on: string[][] = [];
  for (let minute = 0; minute < count; minute++) {
    for (const [name, values] of Object.entries(valuesOf(minute))) {
      for (const value of values) cloudWatch.record('McpAsyncOperations', name, { service: 'Jobs' }, value);
    }
    await cloudWatch.endMinute();
    const names = cloudWatch.alarms.filter(({ state }) => state === 'ALARM').map(({ name }) => name);
    on.push(names.filter((name) => !/-(long|short)$/.test(name)).map((name) => name.slice('Jobs-'.length)));
  }
  return on;
}

const times = (count: number, value: number) => Array.from({ length: count }, () => value);
/** A run of the canary each five minutes. */
const runs = (minute: number, values: Values): Values => (minute % 5 === 1 ? values : {});
const GOOD_RUN = {
  CanaryStarts: [1],
  CanaryStartsGood: [1],
  CanaryDeliveries: [1],
  CanaryDeliveriesGood: [1],
};

test('each alarm of an objective has two windows, and a runbook', () => {
  const alarms = Object.values(template.Resources).map(({ Properties = {} }) => [
    Properties.AlarmName,
    Properties.Threshold,
    String(Properties.AlarmDescription).split(' ').at(-1),
  ]);
  const ofObjective = (id: string, threshold: number) =>
    [
      [`Jobs-${id}-long`, threshold],
      [`Jobs-${id}-short`, threshold],
      [`Jobs-${id}`, undefined],
    ].map((alarm) => [...alarm, `https://wiki.example.com/${id}.md`]);
  expect(alarms).toEqual([
    ['Jobs-canary-failing', 1, 'https://wiki.example.com/canary-failing.md'],
    ...ofObjective('slo-starts-fast', 1.44),
    ...ofObjective('slo-starts-slow', 0.6),
    ...ofObjective('slo-deliveries-fast', 1.44),
    ...ofObjective('slo-deliveries-slow', 0.6),
  ]);
});

test('traffic within the objectives sets off none, nor does a single bad start or delivery', async () => {
  const on = await minutes(120, (minute) => ({
    StartTime: minute === 30 ? [200, 5_000] : [200],
    WebhookDelay: minute === 40 ? [80, 60_000] : [80],
    ...runs(minute, GOOD_RUN),
  }));
  expect(on.flat()).toEqual([]);
});

test('a new deployment is quiet', async () => {
  expect((await minutes(40, () => ({}))).flat()).toEqual([]);
});

test('the fast alarm begins when the long window has spent too much, and ends with the short one', async () => {
  // One of ten starts fails for ten minutes, after ten good minutes.
  const on = await minutes(60, (minute) => ({
    StartTime: times(98, 200),
    StartsFailed: minute >= 10 && minute < 20 ? times(10, 1) : [],
  }));
  const isOn = (names: readonly string[]) => names.includes('slo-starts-fast');
  // After 11 minutes 10 of 1,088 have failed, 0.9 %, and after 12 minutes 20 of 1,196, 1.7 %. The limit is 1.44 %.
  expect([on.findIndex(isOn), on.findLastIndex(isOn)]).toEqual([11, 23]);
});

test('slow starts count as bad ones, and slow but steady spending sets off the slow alarm only', async () => {
  // 1 % of all starts: ten times the budget.
  const on = await minutes(90, () => ({ StartTime: [...times(99, 1_000), 1_001] }));
  expect(new Set(on.flat())).toEqual(new Set(['slo-starts-slow']));
  // It needs two bad starts.
  expect(on[0]).toEqual([]);
  expect(on[1]).toEqual(['slo-starts-slow']);
});

test('webhooks that are sent late set off the alarms on deliveries', async () => {
  const on = await minutes(3, () => ({ WebhookDelay: [...times(9, 5_000), 5_001] }));
  expect(on.at(-1)).toEqual(['slo-deliveries-fast', 'slo-deliveries-slow']);
});

test('starts that all fail set off the alarms, without one that was accepted', async () => {
  expect((await minutes(2, () => ({ StartsFailed: [1] }))).at(-1)).toEqual([
    'slo-starts-fast',
    'slo-starts-slow',
  ]);
});

test('alarms end although there are no starts and webhooks any more', async () => {
  const on = await minutes(
    45,
    (minute): Readonly<Record<string, readonly number[]>> =>
      minute < 2 ? { StartsFailed: times(5, 1), WebhookDelay: times(5, 60_000) } : {},
  );
  expect(on[1]).toEqual(['slo-starts-fast', 'slo-starts-slow', 'slo-deliveries-fast', 'slo-deliveries-slow']);
  // The short windows are five and thirty minutes.
  expect(on[10]).toEqual(['slo-starts-slow', 'slo-deliveries-slow']);
  expect(on[35]).toEqual([]);
});

test.each([
  ['starts are refused', { CanaryStarts: [1], CanaryStartsGood: [0] }],
  ['webhooks do not arrive', { ...GOOD_RUN, CanaryDeliveriesGood: [0] }],
  [
    'two runs of a window start, and their webhooks do not arrive',
    {
      CanaryStarts: [1, 1],
      CanaryStartsGood: [1, 1],
      CanaryDeliveries: [1, 1],
      CanaryDeliveriesGood: [0, 0],
    },
  ],
  ['the schedule does not run it', {}],
])('the canary sets off its alarm when %s, and one bad run does not', async (_, bad) => {
  const once = await minutes(60, (minute) => runs(minute, minute === 31 ? bad : GOOD_RUN));
  expect(once.flat()).toEqual([]);
  const long = await minutes(90, (minute) => runs(minute, minute >= 30 && minute < 60 ? bad : GOOD_RUN));
  const first = long.findIndex((names) => names.includes('canary-failing'));
  expect(first).toBeGreaterThanOrEqual(40);
  expect(first).toBeLessThanOrEqual(45);
  expect(long[59]).toEqual(['canary-failing']);
  expect(long[89]).toEqual([]);
});
