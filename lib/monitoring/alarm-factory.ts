/**
 * Creates alarms: names them after the deployment, links their runbooks and adds the actions.
 *
 * With CDK's own constructs. cdk-monitoring-constructs 10.2 was tried: it makes an alarm for each function and state machine, which
 * are 47 alarms for the eight samples and 619 resources for sixty operations, names them after construct ids, which repeat here,
 * and adds 11 MB to each installation.
 */
import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  type IMetric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { AlarmEntry } from './alarms.ts';

/** Properties of `AlarmFactory`. */
export interface AlarmFactoryProps {
  /** Name of the deployment, in front of each id. */
  readonly service: string;
  /** Base URL of the runbooks, without a trailing slash. */
  readonly runbooks: string;
  /** Run when an alarm goes off. */
  readonly alarmActions: readonly IAlarmAction[];
  /** Run when an alarm is over. */
  readonly okActions: readonly IAlarmAction[];
}

/** The alarms of a deployment. */
export class AlarmFactory extends Construct {
  /** In the order of their creation. */
  readonly alarms: Alarm[] = [];
  /** URLs of the runbooks by id. */
  readonly runbooks = new Map<string, string>();
  readonly #props: AlarmFactoryProps;

  constructor(scope: Construct, id: string, props: AlarmFactoryProps) {
    super(scope, id);
    this.#props = props;
  }

  /**
   * Creates an alarm for each metric: `<deployment>-<id>`, `<deployment>-<id>-2` and so on. They have one runbook.
   * @example
   * ```ts
   * factory.add({ id: 'cost-budget', says: 'The jobs of a day cost too much.', threshold: 3 }, [cost]);
   * ```
   */
  add(entry: AlarmEntry, metrics: readonly IMetric[]): void {
    const { service, runbooks, alarmActions, okActions } = this.#props;
    const runbook = `${runbooks}/${entry.id}.md`;
    if (metrics.length > 0) this.runbooks.set(entry.id, runbook);
    for (const [index, metric] of metrics.entries()) {
      const name = index === 0 ? entry.id : `${entry.id}-${index + 1}`;
      const { breaching, of } = entry.datapoints ?? { breaching: 1, of: 1 };
      const alarm = new Alarm(this, name, {
        alarmName: `${service}-${name}`,
        alarmDescription: `${entry.says} ${runbook}`,
        metric,
        threshold: entry.threshold,
        comparisonOperator: entry.comparison ?? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluationPeriods: of,
        datapointsToAlarm: breaching,
        treatMissingData: entry.missing ?? TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction(...alarmActions);
      alarm.addOkAction(...okActions);
      this.alarms.push(alarm);
    }
  }
}
