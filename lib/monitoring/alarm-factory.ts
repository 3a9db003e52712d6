/**
 * Creates alarms: names them after the deployment, links their runbooks and adds the actions.
 *
 * With CDK's own constructs. cdk-monitoring-constructs 10.2 was tried: it makes an alarm for each function and state machine. These are
 * 47 alarms for the eight samples and 619 resources for sixty operations. It names them after construct ids, which repeat here, and
 * adds 11 MB to each installation.
 */
import {
  Alarm,
  type AlarmBase,
  AlarmRule,
  ComparisonOperator,
  CompositeAlarm,
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
  readonly alarms: AlarmBase[] = [];
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
   * factory.add({ id: 'cost-budget', says: 'The jobs of 24 hours cost too much.', threshold: 3 }, [cost]);
   * ```
   */
  add(entry: AlarmEntry, metrics: readonly IMetric[]): void {
    for (const [index, metric] of metrics.entries()) {
      this.#notify(this.#create(entry, index === 0 ? entry.id : `${entry.id}-${index + 1}`, metric));
    }
  }

  /**
   * Creates an alarm that is on while two alarms without actions are on: `<id>-long` and `<id>-short`. The short window ends the
   * alarm soon after the trouble.
   */
  addWindows(entry: AlarmEntry, { long, short }: Readonly<Record<'long' | 'short', IMetric>>): void {
    const windows = [
      this.#create(entry, `${entry.id}-long`, long),
      this.#create(entry, `${entry.id}-short`, short),
    ];
    this.#notify(
      new CompositeAlarm(this, entry.id, {
        compositeAlarmName: `${this.#props.service}-${entry.id}`,
        alarmDescription: this.#describe(entry),
        alarmRule: AlarmRule.allOf(...windows),
      }),
    );
  }

  #create(entry: AlarmEntry, name: string, metric: IMetric): Alarm {
    const { breaching, of } = entry.datapoints ?? { breaching: 1, of: 1 };
    return new Alarm(this, name, {
      alarmName: `${this.#props.service}-${name}`,
      alarmDescription: this.#describe(entry),
      metric,
      threshold: entry.threshold,
      comparisonOperator: entry.comparison ?? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: of,
      datapointsToAlarm: breaching,
      treatMissingData: entry.missing ?? TreatMissingData.NOT_BREACHING,
    });
  }

  #describe({ id, says }: AlarmEntry): string {
    const runbook = `${this.#props.runbooks}/${id}.md`;
    this.runbooks.set(id, runbook);
    return `${says} ${runbook}`;
  }

  #notify(alarm: AlarmBase): void {
    alarm.addAlarmAction(...this.#props.alarmActions);
    alarm.addOkAction(...this.#props.okActions);
    this.alarms.push(alarm);
  }
}
