/**
 * Adds the alarms of the canary, and those on the two objectives: how fast the traffic spends the error budget. docs/reference/slo.md has
 * the arithmetic.
 */
import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Objectives } from '../../lambdas/canary/objectives.ts';
import type { AlarmFactory } from './alarm-factory.ts';
import { math, serviceMetric } from './metrics.ts';

/** A burn rate of 1 spends the budget of 30 days in 30 days. Google SRE Workbook, chapter 5: 2 % in an hour, 5 % in six. */
const SPEEDS = [
  { name: 'fast', burnRate: 14.4, long: Duration.hours(1), short: Duration.minutes(5) },
  { name: 'slow', burnRate: 6, long: Duration.hours(6), short: Duration.minutes(30) },
] as const;

interface Objective {
  readonly name: 'starts' | 'deliveries';
  readonly says: string;
  /** Returns the percentage of bad events. A single one counts as none. */
  readonly badPercent: (service: string, period: Duration) => IMetric;
}

const OBJECTIVES: readonly Objective[] = [
  {
    name: 'starts',
    says: 'Starts fail or take more than a second',
    badPercent(service, period) {
      const accepted = 'FILL(accepted, 0)';
      const failed = 'FILL(failed, 0)';
      // Without starts, none is late.
      const bad = `${accepted} * (1 - FILL(within, 100) / 100) + ${failed}`;
      return math(
        `IF(${bad} > 1.5, 100 * (${bad}) / (${accepted} + ${failed}), 0)`,
        {
          accepted: serviceMetric(service, 'StartTime', 'SampleCount', period),
          within: serviceMetric(service, 'StartTime', `PR(:${Objectives.startMs})`, period),
          failed: serviceMetric(service, 'StartsFailed', 'Sum', period),
        },
        period,
      );
    },
  },
  {
    name: 'deliveries',
    says: 'Webhooks are sent more than five seconds after their event',
    badPercent: (service, period) =>
      math(
        'IF(FILL(sent, 0) * (1 - FILL(within, 100) / 100) > 1.5, 100 - within, 0)',
        {
          sent: serviceMetric(service, 'WebhookDelay', 'SampleCount', period),
          within: serviceMetric(service, 'WebhookDelay', `PR(:${Objectives.deliveryMs})`, period),
        },
        period,
      ),
  },
];

/** Adds `canary-failing`, and `slo-<objective>-<speed>` for both objectives. */
export function addObjectiveAlarms(alarms: AlarmFactory, service: string): void {
  alarms.add(
    {
      id: 'canary-failing',
      says: 'The canary has had no good run for 15 minutes: jobs do not start, or their webhooks do not arrive.',
      comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 1,
      // A window can have two runs, and the next one none.
      datapoints: { breaching: 3, of: 3 },
      missing: TreatMissingData.IGNORE,
    },
    [
      // At least 1 with a good run, 0 with a bad run or none. Before the first run there is no data, so a new deployment is quiet.
      math('MIN([FILL(starts, 0), FILL(deliveries, 0)]) * FILL(runs, REPEAT) / FILL(runs, REPEAT)', {
        starts: serviceMetric(service, 'CanaryStartsGood', 'Sum'),
        deliveries: serviceMetric(service, 'CanaryDeliveriesGood', 'Sum'),
        runs: serviceMetric(service, 'CanaryStarts', 'Sum'),
      }),
    ],
  );
  for (const { name, says, badPercent } of OBJECTIVES) {
    for (const speed of SPEEDS) {
      alarms.addWindows(
        {
          id: `slo-${name}-${speed.name}`,
          says: `${says}, ${speed.burnRate} times more often than the objective allows.`,
          threshold: Number((100 * speed.burnRate * (1 - Objectives.share)).toFixed(2)),
        },
        { long: badPercent(service, speed.long), short: badPercent(service, speed.short) },
      );
    }
  }
}
