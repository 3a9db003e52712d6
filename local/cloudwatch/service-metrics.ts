/** Measures the services of the local cloud as AWS does, with AWS's names and dimensions. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Handler } from '../shared/loopback-server.ts';
import type { ExecutionRecord } from '../stepfunctions/execution-store.ts';
import type { Template } from '../template/assembly.ts';
import type { Resolve } from '../template/intrinsics.ts';
import { resourcesOf } from '../template/stack-resources.ts';
import type { AlarmClock } from './alarm-clock.ts';
import type { CloudWatch } from './cloudwatch.ts';
import type { RecordMetric } from './metric-store.ts';

const EXECUTION_METRICS: Readonly<Record<ExecutionRecord['status'], string>> = {
  RUNNING: 'ExecutionsStarted',
  SUCCEEDED: 'ExecutionsSucceeded',
  FAILED: 'ExecutionsFailed',
  TIMED_OUT: 'ExecutionsTimedOut',
  ABORTED: 'ExecutionsAborted',
};

/** Records an execution that has started or ended. */
export function recordExecution(record: RecordMetric, execution: ExecutionRecord): void {
  const { machineArn, status, startDate, stopDate } = execution;
  const dimensions = { StateMachineArn: machineArn };
  record('AWS/States', EXECUTION_METRICS[status], dimensions, 1);
  if (stopDate !== undefined) record('AWS/States', 'ExecutionTime', dimensions, stopDate - startDate);
}

/** Records a call to the API of Step Functions that was throttled. */
export function recordThrottledCall(record: RecordMetric, action: string): void {
  record('AWS/States', 'ThrottledEvents', { APIName: action }, 1);
}

/** Records the age of the records of a stream, after the function ran with them: without an invocation there is no age. */
export function recordIteratorAge(
  { record, clock }: CloudWatch,
  functionName: string,
  createdMs: number,
): void {
  record('AWS/Lambda', 'IteratorAge', { FunctionName: functionName }, clock.ageOf(createdMs));
}

/** Records that a topic delivered a message to a subscriber, or could not. */
export function recordTopicDelivery(record: RecordMetric, topicName: string, delivered: boolean): void {
  const name = delivered ? 'NumberOfNotificationsDelivered' : 'NumberOfNotificationsFailed';
  record('AWS/SNS', name, { TopicName: topicName }, 1);
}

const READS: readonly string[] = ['BatchGetItem', 'GetItem', 'Query', 'Scan'];

/** Records a request to a table that was throttled. */
export function recordThrottledTable(
  record: RecordMetric,
  action: string,
  tableName: string,
  indexName?: string,
): void {
  const name = READS.includes(action) ? 'ReadThrottleEvents' : 'WriteThrottleEvents';
  const index: Record<string, string> =
    indexName === undefined ? {} : { GlobalSecondaryIndexName: indexName };
  record('AWS/DynamoDB', name, { TableName: tableName, ...index }, 1);
  record('AWS/DynamoDB', 'ThrottledRequests', { TableName: tableName, Operation: action }, 1);
}

/** Records that a rule called a target, or could not. */
export function recordRule(record: RecordMetric, rule: string, failed: boolean): void {
  record('AWS/Events', 'Invocations', { RuleName: rule }, 1);
  if (failed) record('AWS/Events', 'FailedInvocations', { RuleName: rule }, 1);
}

/** The messages of a queue. */
export interface QueueState {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
  /** When the oldest message was sent, in milliseconds since 1970; undefined for an empty queue. */
  readonly oldestSentMs: number | undefined;
}

/** Records the messages of a queue, once a minute. */
export function recordQueue(record: RecordMetric, clock: AlarmClock, name: string, state: QueueState): void {
  const of = (metric: string, value: number) => record('AWS/SQS', metric, { QueueName: name }, value);
  of('ApproximateNumberOfMessagesVisible', state.visible);
  of('ApproximateNumberOfMessagesNotVisible', state.inFlight);
  of('ApproximateNumberOfMessagesDelayed', state.delayed);
  const { oldestSentMs } = state;
  of('ApproximateAgeOfOldestMessage', oldestSentMs === undefined ? 0 : clock.ageOf(oldestSentMs) / 1000);
}

interface ApiProperties {
  readonly Name?: string;
}

interface StageProperties {
  readonly StageName?: string;
}

/** Measures the requests to the API: the function returned takes each of them. */
export function measureApi(template: Template, resolve: Resolve, record: RecordMetric) {
  const [api] = resourcesOf<ApiProperties>(
    template,
    resolve,
    ['AWS::ApiGateway::RestApi'],
    ['Name'],
  ).values();
  const stages = resourcesOf<StageProperties>(template, resolve, ['AWS::ApiGateway::Stage'], ['StageName']);
  const [stage] = stages.values();
  const ofApi = { ApiName: api?.Name ?? '' };
  const sets: Record<string, string>[] = [ofApi, { ...ofApi, Stage: stage?.StageName ?? '' }];
  const of = (name: string, value: number) => {
    for (const dimensions of sets) record('AWS/ApiGateway', name, dimensions, value);
  };
  return (handle: Handler): Handler =>
    (request: IncomingMessage, response: ServerResponse) => {
      const startedAt = performance.now();
      response.on('close', () => {
        const { statusCode } = response;
        of('Count', 1);
        of('4XXError', Number(statusCode >= 400 && statusCode < 500));
        of('5XXError', Number(statusCode >= 500));
        of('Latency', performance.now() - startedAt);
      });
      return handle(request, response);
    };
}
