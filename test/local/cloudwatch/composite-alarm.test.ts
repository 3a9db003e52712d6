/** Tests alarms that are on while other alarms are on, and the statistic that the parts use. */
import { readCompositeAlarm } from '../../../local/cloudwatch/composite-alarm.ts';
import { statisticOf } from '../../../local/cloudwatch/metric-store.ts';

test('a rule names its parts by ARN or by name', () => {
  const arn = 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:shop-slow';
  const AlarmRule = `(ALARM("${arn}") AND ALARM("shop-failing"))`;
  expect(readCompositeAlarm('Shop', { AlarmName: 'shop', AlarmDescription: 'Both.', AlarmRule })).toEqual({
    name: 'shop',
    description: 'Both.',
    parts: ['shop-slow', 'shop-failing'],
  });
});

test.each(['ALARM("a") OR ALARM("b")', 'NOT ALARM("a")', 'OK("a")', 'TRUE', ''])(
  '%s is refused',
  (AlarmRule) => {
    expect(() => readCompositeAlarm('Shop', { AlarmRule })).toThrow(
      `Alarm Shop has the rule ${AlarmRule}: use ALARM("…") AND ALARM("…")`,
    );
  },
);

test('a percentile rank is the percentage of values up to its limit, which it includes', () => {
  expect(statisticOf('PR(:1000)')?.([1, 1_000, 1_001, 5_000])).toBe(50);
  expect(statisticOf('PR(:0.5)')?.([1])).toBe(0);
  expect(statisticOf('PR(1000)')).toBe(undefined);
});
