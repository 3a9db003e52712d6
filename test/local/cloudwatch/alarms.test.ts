/** Alarms of a template: what is refused, and when they change their state. */
import { expect, test } from '@jest/globals';
import { type AlarmProperties, readAlarm } from '../../../local/cloudwatch/alarm-properties.ts';
import { CloudWatch } from '../../../local/cloudwatch/cloudwatch.ts';

const ALARM: AlarmProperties = {
  AlarmName: 'shop-orders',
  ComparisonOperator: 'GreaterThanThreshold',
  Threshold: 10,
  EvaluationPeriods: 2,
  Period: 60,
  Statistic: 'Sum',
  Namespace: 'Shop',
  MetricName: 'Orders',
  Dimensions: [{ Name: 'service', Value: 'web' }],
  TreatMissingData: 'notBreaching',
};

function cloudWatchOf(...alarms: readonly AlarmProperties[]): CloudWatch {
  const cloudWatch = new CloudWatch();
  const Resources = Object.fromEntries(
    alarms.map((Properties, index) => [
      `Alarm${index}`,
      { Type: 'AWS::CloudWatch::Alarm', Properties: { ...Properties } },
    ]),
  );
  cloudWatch.readAlarms({ Resources }, (value) => value);
  return cloudWatch;
}

function order(cloudWatch: CloudWatch, ...values: readonly number[]): void {
  for (const value of values) cloudWatch.record('Shop', 'Orders', { service: 'web' }, value);
}

test('an alarm goes off after its periods, and is over after as many good ones', async () => {
  const cloudWatch = cloudWatchOf(ALARM);
  const states: (string | undefined)[] = [];
  for (const values of [[], [11], [5, 6], [4], [12], []]) {
    order(cloudWatch, ...values);
    await cloudWatch.endMinute();
    states.push(cloudWatch.alarms[0]?.state);
  }
  expect(states).toEqual(['OK', 'OK', 'ALARM', 'OK', 'OK', 'OK']);
});

test('a change names the alarm, both states and the time', async () => {
  const cloudWatch = cloudWatchOf({ ...ALARM, EvaluationPeriods: 1 });
  order(cloudWatch, 11);
  expect(await cloudWatch.endMinute()).toEqual([
    { name: 'shop-orders', from: 'INSUFFICIENT_DATA', to: 'ALARM', atMs: cloudWatch.clock.nowMs },
  ]);
});

test('a metric with other dimensions is another metric', async () => {
  const cloudWatch = cloudWatchOf({ ...ALARM, EvaluationPeriods: 1 });
  cloudWatch.record('Shop', 'Orders', { service: 'web', kind: 'book' }, 100);
  await cloudWatch.endMinute();
  expect(cloudWatch.alarms[0]).toMatchObject({
    state: 'OK',
    unknownMetrics: [{ namespace: 'Shop', name: 'Orders', dimensions: { service: 'web' } }],
  });
});

test('a period of five minutes ends with each minute', async () => {
  const cloudWatch = cloudWatchOf({ ...ALARM, EvaluationPeriods: 1, Period: 300 });
  const states: (string | undefined)[] = [];
  for (let minute = 0; minute < 16; minute++) {
    if (minute < 2) order(cloudWatch, 6);
    await cloudWatch.endMinute();
    states.push(cloudWatch.alarms[0]?.state);
  }
  // Two extra periods without data do not end the alarm: the last real data point counts.
  expect(states.indexOf('ALARM')).toBe(1);
  expect(states.lastIndexOf('ALARM')).toBe(14);
});

test('an alarm evaluates expressions in the order of their operands', async () => {
  const metric = (Id: string, MetricName: string) => ({
    Id,
    ReturnData: false,
    MetricStat: { Metric: { Namespace: 'Shop', MetricName }, Period: 60, Stat: 'Sum' },
  });
  const { Namespace: _, MetricName: _1, Dimensions: _2, Period: _3, Statistic: _4, ...rest } = ALARM;
  const cloudWatch = cloudWatchOf({
    ...rest,
    EvaluationPeriods: 1,
    Metrics: [
      { Id: 'percent', Expression: '100 * share', ReturnData: true },
      { Id: 'share', Expression: 'failed / all', ReturnData: false },
      metric('failed', 'Failed'),
      metric('all', 'All'),
    ],
  });
  cloudWatch.record('Shop', 'All', {}, 9);
  cloudWatch.record('Shop', 'Failed', {}, 1);
  await cloudWatch.endMinute();
  expect(cloudWatch.valuesOf('shop-orders').at(-1)).toBeCloseTo(100 / 9);
  expect(cloudWatch.alarms[0]?.state).toBe('ALARM');
});

test('statistics include percentiles', async () => {
  const { Statistic: _, ...rest } = ALARM;
  const cloudWatch = cloudWatchOf({ ...rest, ExtendedStatistic: 'p90', EvaluationPeriods: 1 });
  order(cloudWatch, ...Array.from({ length: 100 }, (_, index) => index + 1));
  await cloudWatch.endMinute();
  expect(cloudWatch.valuesOf('shop-orders').at(-1)).toBe(90);
});

test('what is scheduled runs before a minute is evaluated', async () => {
  const cloudWatch = cloudWatchOf({ ...ALARM, EvaluationPeriods: 1 });
  cloudWatch.eachMinute(async () => order(cloudWatch, 11));
  await cloudWatch.endMinute();
  expect(cloudWatch.alarms[0]?.state).toBe('ALARM');
});

test('an age is measured in the time of the alarms', async () => {
  const cloudWatch = cloudWatchOf();
  const realMs = Date.now();
  await cloudWatch.endMinute();
  await cloudWatch.endMinute();
  expect(cloudWatch.clock.ageOf(realMs)).toBe(120_000);
});

test('a document that CloudWatch drops is told once', () => {
  const cloudWatch = cloudWatchOf();
  const line = '{"_aws":{"CloudWatchMetrics":[]}}';
  cloudWatch.readLine(line);
  cloudWatch.readLine(line);
  expect(cloudWatch.malformed).toEqual([expect.stringContaining('has no Timestamp')]);
});

const queries = (count: number, Period = 60) =>
  Array.from({ length: count }, (_, index) => ({
    Id: `m${index}`,
    ReturnData: index === 0,
    MetricStat: {
      Metric: { Namespace: 'Shop', MetricName: 'Orders' },
      Period,
      Stat: 'Sum',
    },
  }));

test.each<[Partial<AlarmProperties>, RegExp]>([
  [{ MetricName: undefined, Metrics: queries(11) }, /has 11 metrics: divide it/],
  [{ Metrics: queries(1) }, /a metric and a list of metrics/],
  [
    { MetricName: undefined, Metrics: queries(1).map((query) => ({ ...query, ReturnData: false })) },
    /returns 0 series/,
  ],
  [{ MetricName: undefined, Metrics: [{ Id: 'e', Expression: 'm9' }] }, /refers to an unknown id in e/],
  [{ Period: 45 }, /period of 45 s: use a multiple of 60 s/],
  [{ Period: 300, EvaluationPeriods: 289 }, /looks back 86700 s: use at most 86400 s/],
  [{ Period: 3600, EvaluationPeriods: 169 }, /use at most 604800 s/],
  [{ DatapointsToAlarm: 3 }, /wants 3 data points of 2 periods/],
  [{ EvaluationPeriods: 0 }, /has 0 evaluation periods/],
  [{ Statistic: 'Median' }, /statistic "Median"/],
  [{ ComparisonOperator: 'LessThanLowerOrGreaterThanUpperThreshold' }, /compares with LessThanLower/],
  [{ Threshold: undefined }, /has no threshold/],
  [{ TreatMissingData: 'sometimes' }, /treats missing data as sometimes/],
  [{ AlarmDescription: 'x'.repeat(1025) }, /description of 1025 characters/],
])('an alarm that CloudWatch refuses is an error %#', (change, message) => {
  expect(() => readAlarm('Orders', { ...ALARM, ...change })).toThrow(message);
});

test('alarms on metrics of DynamoDB ignore missing data, whatever they choose', () => {
  const { TreatMissingData: _, ...rest } = ALARM;
  const missing = (change: object) => readAlarm('Throttles', { ...rest, ...change }).missingData;
  const ofTable = { Namespace: 'AWS/DynamoDB' };
  expect([missing({}), missing(ofTable), missing({ ...ofTable, TreatMissingData: 'notBreaching' })]).toEqual([
    'missing',
    'ignore',
    'ignore',
  ]);
});
