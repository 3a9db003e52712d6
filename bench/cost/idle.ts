/** Computes what a stack without jobs costs a month, from its template and from the schedules of ten minutes. */
import { PRICES_DATE, pricesOf } from '../../lambdas/receipt/prices.ts';
import { startLocalCloud } from '../../local/cloud.ts';
import { synthesizeSource } from '../../test/support/synthesize-source.ts';
import { usesOf } from './function-uses.ts';
import { Observer, readTemplate, type Template } from './observer.ts';

export interface IdleLine {
  readonly what: string;
  readonly quantity: number;
  readonly unit: string;
  readonly usd: number;
}

export interface IdleTable {
  readonly lines: readonly IdleLine[];
  readonly total: number;
  readonly prices: string;
  readonly region: string;
}

const MEASURED_MINUTES = 10;
const MINUTES_OF_MONTH = 730 * 60;
/** Lambda reads each queue with five long polls of 20 s. */
const POLLS_OF_A_QUEUE = 5 * 3 * MINUTES_OF_MONTH;

export async function idleTable(scratch: string, region: string): Promise<IdleTable> {
  await synthesizeSource(scratch);
  const template = await readTemplate(scratch);
  const observer = new Observer();
  const cloud = await startLocalCloud({
    assemblyDirectory: scratch,
    ...observer.options,
  });
  try {
    await observer.settled();
    observer.reset();
    for (let minute = 0; minute < MEASURED_MINUTES; minute += 1) await observer.cloudWatch.endMinute();
    await observer.settled();
    return price(template, observer, region);
  } finally {
    await cloud.close();
  }
}

function price(template: Template, observer: Observer, region: string): IdleTable {
  const { prices, region: priced } = pricesOf(region);
  const resources = Object.values(template.Resources);
  const count = (type: string) => resources.filter(({ Type }) => Type === type).length;
  const aMonth = MINUTES_OF_MONTH / MEASURED_MINUTES;
  const { stepGbSeconds, sandboxGbSeconds, sharedGbSeconds, invocations, logGb } = usesOf(observer, template);
  const gbSeconds = (stepGbSeconds + sandboxGbSeconds + sharedGbSeconds) * aMonth;
  const reads = observer.calls('dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:Scan') * aMonth;
  const writes = observer.calls('dynamodb:PutItem', 'dynamodb:UpdateItem') * aMonth;
  const queues = resources.filter(
    ({ Type, Properties = {} }) =>
      Type === 'AWS::Lambda::EventSourceMapping' && Properties.StartingPosition === undefined,
  ).length;
  const line = (what: string, quantity: number, unit: string, unitUsd: number): IdleLine => ({
    what,
    quantity,
    unit,
    usd: quantity * unitUsd,
  });
  const lines = [
    line('CloudWatch: alarms', alarmMetrics(template), 'metrics of alarms', prices.alarmMonth),
    line('CloudWatch: dashboards', count('AWS::CloudWatch::Dashboard'), 'dashboards', prices.dashboardMonth),
    line('CloudWatch: custom metrics', observer.metrics.size, 'metrics', prices.metricMonth),
    line('CloudWatch: logs', logGb * aMonth, 'GB', prices.logGb),
    line('Secrets Manager', count('AWS::SecretsManager::Secret'), 'secrets', prices.secretMonth),
    line('KMS', count('AWS::KMS::Key'), 'keys', prices.keyMonth),
    line('Lambda: scheduled functions', gbSeconds, 'GB-seconds', prices.lambdaGbSecond),
    line('Lambda: invocations', invocations * aMonth, 'requests', prices.lambdaRequest),
    line('DynamoDB: writes', writes, 'write units', prices.writeUnit),
    line('DynamoDB: reads', reads, 'read units', prices.readUnit),
    line('SQS: polls of empty queues', queues * POLLS_OF_A_QUEUE, 'requests', prices.sqsRequest),
  ].filter(({ quantity }) => quantity > 0);
  const total = lines.reduce((sum, { usd }) => sum + usd, 0);
  return { lines, total, prices: PRICES_DATE, region: priced };
}

/** An alarm on an expression costs one price for each metric in it. */
function alarmMetrics({ Resources }: Template): number {
  return Object.values(Resources)
    .filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
    .reduce((sum, { Properties = {} }) => {
      const metrics = (Properties.Metrics ?? []) as readonly { readonly MetricStat?: object }[];
      return sum + Math.max(1, metrics.filter(({ MetricStat }) => MetricStat).length);
    }, 0);
}
