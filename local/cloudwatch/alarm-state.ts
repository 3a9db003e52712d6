/** Decides the state of an alarm from its data points, with CloudWatch's rules for missing ones. */

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

export type MissingData = 'breaching' | 'ignore' | 'missing' | 'notBreaching';

export interface EvaluationRule {
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  readonly missingData: MissingData;
}

/**
 * Periods that an alarm looks back beyond its evaluation periods, for when some of these have no data. CloudWatch does not document
 * the number; its examples have two.
 */
export const EXTRA_PERIODS = 2;

/**
 * Returns the state of an alarm. CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data".
 * @param points whether each data point breaches the threshold, the oldest first; undefined when it is missing. They cover the
 * evaluation periods and `EXTRA_PERIODS` more
 * @param current the state before
 */
export function alarmState(
  points: readonly (boolean | undefined)[],
  { evaluationPeriods, datapointsToAlarm, missingData }: EvaluationRule,
  current: AlarmState,
): AlarmState {
  const real = points.filter((point) => point !== undefined).slice(-evaluationPeriods);
  const missing = evaluationPeriods - real.length;
  const breaching = real.filter(Boolean).length;
  const filled = missingData === 'breaching' ? missing : 0;
  if (missing === 0 || missingData === 'breaching' || missingData === 'notBreaching')
    return breaching + filled >= datapointsToAlarm ? 'ALARM' : 'OK';
  if (real.length === 0) return missingData === 'ignore' ? current : 'INSUFFICIENT_DATA';
  // The premature alarm: all data breaches, and the oldest is as old as the data points that the alarm wants.
  const oldestAge = points.length - points.findIndex((point) => point !== undefined);
  if (breaching === real.length && oldestAge >= datapointsToAlarm)
    return missingData === 'ignore' ? current : 'ALARM';
  return breaching >= datapointsToAlarm ? 'ALARM' : 'OK';
}
