/** Creates the alarms, the dashboard and the saved queries of a deployment. */
import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import type { IAlarmAction } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { LOCAL_CONTEXT } from '../defaults/local-context.ts';
import { AlarmFactory } from './alarm-factory.ts';
import { alarms, type ListedAlarm } from './alarms.ts';
import { createDashboard } from './dashboard.ts';
import { math, serviceMetric } from './metrics.ts';
import type { Monitored } from './monitored.ts';
import { checkBudget, checkEmail, type MonitoringOptions, runbooksUrl } from './monitoring-options.ts';
import { addObjectiveAlarms } from './objective-alarms.ts';
import { SavedQueries } from './saved-queries.ts';
import { completeThresholds } from './thresholds.ts';

export interface MonitoringProps {
  readonly monitored: Monitored;
  readonly options: MonitoringOptions;
}

const DAYS_OF_A_MONTH = 30;
const DAY = Duration.days(1);

/** The alarms of a deployment. The constructs of options, such as the canary, add theirs. */
export class Monitoring extends Construct {
  readonly alarms: AlarmFactory;

  constructor(scope: Construct, id: string, { monitored, options }: MonitoringProps) {
    super(scope, id);
    const { service } = monitored;
    const thresholds = completeThresholds(options.thresholds);
    const notify = this.#emailActions(service, options.email);
    this.alarms = new AlarmFactory(this, 'Alarms', {
      service,
      runbooks: runbooksUrl(options.runbooks),
      alarmActions: [...notify, ...(options.alarmActions ?? [])],
      okActions: [...notify, ...(options.okActions ?? [])],
    });
    for (const { threshold = () => 1, metrics, ...entry } of alarms as readonly ListedAlarm[]) {
      this.alarms.add({ ...entry, threshold: threshold(thresholds) }, metrics(monitored, thresholds));
    }
    if (options.canary) addObjectiveAlarms(this.alarms, service);
    if (options.budget) this.#addBudget(service, options.budget.monthlyUsd);
    new SavedQueries(this, 'Queries', { service, logGroups: monitored.logGroups });
    if (options.dashboard ?? true) {
      const hasCanary = options.canary !== undefined;
      createDashboard(this, 'Dashboard', { monitored, alarms: this.alarms, hasCanary });
    }
  }

  #addBudget(service: string, monthlyUsd: number): void {
    checkBudget({ monthlyUsd });
    this.alarms.add(
      {
        id: 'cost-budget',
        says: 'The jobs of the last 24 hours cost more than a thirtieth of the monthly budget.',
        threshold: monthlyUsd / DAYS_OF_A_MONTH,
      },
      // Filled, so that a day without jobs ends it.
      [math('FILL(cost, 0)', { cost: serviceMetric(service, 'JobCost', 'Sum', DAY) }, DAY)],
    );
  }

  /** The topic has no key: alarms cannot publish with the key of AWS, and messages have nothing of a job. */
  #emailActions(service: string, email: string | undefined): IAlarmAction[] {
    if (email === undefined) return [];
    checkEmail(email);
    // The local cloud notifies nobody.
    if (this.node.tryGetContext(LOCAL_CONTEXT) !== undefined) return [];
    const topic = new Topic(this, 'Topic', { displayName: `Alarms of ${service}`, enforceSSL: true });
    const stack = Stack.of(this);
    topic.addToResourcePolicy(
      // A policy replaces the one that lets everything in the account publish.
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: {
          ArnLike: {
            'aws:SourceArn': stack.formatArn({
              service: 'cloudwatch',
              resource: 'alarm',
              resourceName: `${service}-*`,
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            }),
          },
          StringEquals: { 'aws:SourceAccount': stack.account },
        },
      }),
    );
    topic.addSubscription(new EmailSubscription(email));
    return [new SnsAction(topic)];
  }
}
