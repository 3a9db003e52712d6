/** Reads `AWS::CloudWatch::Alarm`, and refuses what CloudWatch refuses. */
import type { EvaluationRule, MissingData } from './alarm-state.ts';
import { type Expression, parseExpression } from './metric-math.ts';
import { type MetricId, statisticOf } from './metric-store.ts';

interface MetricProperties {
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: string }[];
}

interface MetricQuery {
  readonly Id: string;
  readonly Expression?: string;
  readonly MetricStat?: {
    readonly Metric: MetricProperties;
    readonly Period: number;
    readonly Stat: string;
  };
  readonly Period?: number;
  readonly ReturnData?: boolean;
}

/** The supported properties. Actions are not run: nobody is there to be notified. */
export interface AlarmProperties extends MetricProperties {
  readonly AlarmName?: string;
  readonly AlarmDescription?: string;
  readonly ComparisonOperator: string;
  readonly Threshold?: number;
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm?: number;
  readonly TreatMissingData?: string;
  readonly Period?: number;
  readonly Statistic?: string;
  readonly ExtendedStatistic?: string;
  readonly Metrics?: readonly MetricQuery[];
}

export const ALARM_PROPERTIES = [
  'AlarmName',
  'AlarmDescription',
  'ComparisonOperator',
  'Threshold',
  'EvaluationPeriods',
  'DatapointsToAlarm',
  'TreatMissingData',
  'Period',
  'Statistic',
  'ExtendedStatistic',
  'Metrics',
  'Namespace',
  'MetricName',
  'Dimensions',
] as const;

/** A metric or an expression of an alarm. */
export type Series =
  | { readonly id: string; readonly metric: MetricId; readonly statistic: string }
  | { readonly id: string; readonly expression: Expression };

export interface Alarm extends EvaluationRule {
  readonly name: string;
  readonly description: string;
  readonly periodMs: number;
  readonly breaches: (value: number) => boolean;
  /** In an order in which each expression follows its operands. */
  readonly series: readonly Series[];
  /** The series that the threshold is for. */
  readonly resultId: string;
}

const COMPARISONS: Readonly<Record<string, (value: number, threshold: number) => boolean>> = {
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  GreaterThanThreshold: (value, threshold) => value > threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
};
const MISSING_DATA: readonly string[] = ['breaching', 'ignore', 'missing', 'notBreaching'];

/** CloudWatch's limits. */
const MAX_METRICS = 10;
const MAX_NAME = 255;
const MAX_DESCRIPTION = 1024;
const MAX_DIMENSIONS = 30;
const HOUR_SECONDS = 3600;
const DAY_SECONDS = 24 * HOUR_SECONDS;

/** @throws Error saying what CloudWatch, or the local cloud, refuses */
export function readAlarm(logicalId: string, properties: AlarmProperties): Alarm {
  const refuse = (what: string, remedy: string): never => {
    throw new Error(`Alarm ${logicalId} ${what}: ${remedy}.`);
  };
  const { AlarmName = logicalId, AlarmDescription = '', EvaluationPeriods, Threshold } = properties;
  const { DatapointsToAlarm = EvaluationPeriods } = properties;
  if (AlarmName.length > MAX_NAME)
    refuse(`has a name of ${AlarmName.length} characters`, `use at most ${MAX_NAME}`);
  if (AlarmDescription.length > MAX_DESCRIPTION)
    refuse(`has a description of ${AlarmDescription.length} characters`, `use at most ${MAX_DESCRIPTION}`);
  const compare =
    COMPARISONS[properties.ComparisonOperator] ??
    refuse(`compares with ${properties.ComparisonOperator}`, `use ${Object.keys(COMPARISONS).join(', ')}`);
  if (typeof Threshold !== 'number')
    return refuse('has no threshold', 'give it a number; the local cloud has no anomaly detection');
  if (!Number.isInteger(EvaluationPeriods) || EvaluationPeriods < 1)
    refuse(`has ${EvaluationPeriods} evaluation periods`, 'use a whole number from 1');
  if (!Number.isInteger(DatapointsToAlarm) || DatapointsToAlarm < 1 || DatapointsToAlarm > EvaluationPeriods)
    refuse(
      `wants ${DatapointsToAlarm} data points of ${EvaluationPeriods} periods`,
      'use a whole number from 1 to the periods',
    );

  const { series, resultId, periodSeconds } = readSeries(properties, refuse);
  const seconds = periodSeconds * EvaluationPeriods;
  const limit = periodSeconds < HOUR_SECONDS ? DAY_SECONDS : 7 * DAY_SECONDS;
  if (seconds > limit)
    refuse(`looks back ${seconds} s`, `use at most ${limit} s for periods of ${periodSeconds} s`);
  return {
    name: AlarmName,
    description: AlarmDescription,
    evaluationPeriods: EvaluationPeriods,
    datapointsToAlarm: DatapointsToAlarm,
    missingData: missingDataOf(properties.TreatMissingData, series, refuse),
    periodMs: periodSeconds * 1000,
    breaches: (value) => compare(value, Threshold),
    series,
    resultId,
  };
}

type Refuse = (what: string, remedy: string) => never;

/** AWS's pages disagree whether alarms on metrics of DynamoDB heed `TreatMissingData`. Here they always ignore missing data. */
function missingDataOf(given: string | undefined, series: readonly Series[], refuse: Refuse): MissingData {
  const chosen = given ?? 'missing';
  if (!MISSING_DATA.includes(chosen))
    return refuse(`treats missing data as ${chosen}`, `use ${MISSING_DATA.join(', ')}`);
  const ofTables = series.some((one) => 'metric' in one && one.metric.namespace === 'AWS/DynamoDB');
  return ofTables ? 'ignore' : (chosen as MissingData);
}

function readSeries(properties: AlarmProperties, refuse: Refuse) {
  const { Metrics, Period = Number.NaN, Statistic, ExtendedStatistic } = properties;
  if (!Metrics) {
    const series = readMetric('m', properties, ExtendedStatistic ?? Statistic ?? '', Period, refuse);
    return { series: [series], resultId: 'm', periodSeconds: Period };
  }
  if (properties.MetricName !== undefined)
    refuse('has a metric and a list of metrics', 'give it one of the two');
  const metrics = Metrics.filter(({ MetricStat }) => MetricStat);
  if (metrics.length > MAX_METRICS)
    refuse(`has ${metrics.length} metrics`, `divide it: an alarm has at most ${MAX_METRICS}`);
  const results = Metrics.filter(({ ReturnData = true }) => ReturnData);
  const [result] = results;
  if (!result || results.length > 1)
    return refuse(`returns ${results.length} series`, 'set ReturnData to false for all but one');
  const periods = new Set(Metrics.flatMap(({ MetricStat }) => MetricStat?.Period ?? []));
  const [periodSeconds = Number.NaN] = periods;
  if (periods.size > 1)
    refuse(`has metrics of the periods ${[...periods].join(', ')}`, 'use the same period for all');
  const read = Metrics.map(({ Id, Expression, MetricStat }): Series => {
    if (!/^[a-z]\w*$/.test(Id)) refuse(`has the id ${Id}`, 'begin it with a lower-case letter');
    if (MetricStat) return readMetric(Id, MetricStat.Metric, MetricStat.Stat, MetricStat.Period, refuse);
    return { id: Id, expression: parseExpression(Expression ?? '') };
  });
  return { series: inOrder(read, refuse), resultId: result.Id, periodSeconds };
}

function readMetric(
  id: string,
  { Namespace, MetricName, Dimensions = [] }: MetricProperties,
  statistic: string,
  periodSeconds: number,
  refuse: Refuse,
): Series {
  if (!Namespace || !MetricName) return refuse('has a metric without a namespace or a name', 'give both');
  if (!statisticOf(statistic))
    refuse(
      `has the statistic "${statistic}"`,
      'use Sum, Average, Minimum, Maximum, SampleCount, p99 or PR(:1000)',
    );
  // The metrics here have no high resolution, for which CloudWatch takes 10, 20 and 30 s too.
  if (!(periodSeconds > 0) || periodSeconds % 60 !== 0)
    refuse(`has a period of ${periodSeconds} s`, 'use a multiple of 60 s');
  if (Dimensions.length > MAX_DIMENSIONS)
    refuse(`has ${Dimensions.length} dimensions`, `use at most ${MAX_DIMENSIONS}`);
  const dimensions = Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, String(Value)]));
  return { id, metric: { namespace: Namespace, name: MetricName, dimensions }, statistic };
}

/** Sorts expressions behind their operands. */
function inOrder(series: readonly Series[], refuse: Refuse): Series[] {
  const ordered: Series[] = [];
  const left = [...series];
  while (left.length > 0) {
    const known = new Set(ordered.map(({ id }) => id));
    const at = left.findIndex(
      (one) => !('expression' in one) || one.expression.ids.every((id) => known.has(id)),
    );
    const [next] = at < 0 ? [] : left.splice(at, 1);
    if (!next) return refuse(`refers to an unknown id in ${left[0]?.id}`, 'name a metric of the alarm');
    ordered.push(next);
  }
  return ordered;
}
