/** What CloudWatch measures of a running cloud, and the faults that it sees. */

import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type LocalCloud, startLocalCloud } from '../../../local/cloud.ts';
import { CloudWatch } from '../../../local/cloudwatch/cloudwatch.ts';
import { fixtureAssembly } from '../fixture/assembly.ts';
import { clientOf, resourceIds } from '../fixture/harness.ts';

/** Clients that do not retry: each call is one request. */
const once = { maxAttempts: 1 };
class Lambda extends LambdaClient {
  constructor(config: object) {
    super({ ...config, ...once });
  }
}
class DynamoDB extends DynamoDBClient {
  constructor(config: object) {
    super({ ...config, ...once });
  }
}

const cloudWatch = new CloudWatch();
let cloud: LocalCloud;
let ids: Readonly<Record<string, string>>;

beforeAll(async () => {
  const assemblyDirectory = await fixtureAssembly();
  ids = await resourceIds(assemblyDirectory);
  cloud = await startLocalCloud({ assemblyDirectory, cloudWatch });
}, 60_000);
afterAll(() => cloud.close());

/** Ends the minute. @returns the sum of a metric in it */
async function sumOf(namespace: string, name: string, dimensions: Record<string, string>) {
  await cloudWatch.idle(1_000);
  await cloudWatch.endMinute();
  return cloudWatch.statistic({ namespace, name, dimensions }, 'Sum', 1);
}

function workFunction(): string {
  return ids.Work ?? '';
}

test('a function that crashes is an error, and one without concurrency is throttled', async () => {
  const lambda = clientOf(cloud, Lambda, 'LAMBDA');
  const invoke = () =>
    lambda.send(new InvokeCommand({ FunctionName: workFunction(), Payload: '{"mode":"ok"}' as never }));
  const crash = cloud.faults.cause('crashing-function', workFunction());
  expect((await invoke()).FunctionError).toBe('Unhandled');
  crash();
  const throttle = cloud.faults.cause('throttled-function', workFunction());
  await expect(invoke()).rejects.toThrow('Rate Exceeded.');
  throttle();
  expect((await invoke()).FunctionError).toBeUndefined();
  const dimensions = { FunctionName: workFunction() };
  expect(await sumOf('AWS/Lambda', 'Errors', dimensions)).toBe(1);
  const throttles = cloudWatch.statistic(
    { namespace: 'AWS/Lambda', name: 'Throttles', dimensions },
    'Sum',
    1,
  );
  expect(throttles).toBe(1);
}, 20_000);

test('a throttled table counts its reads', async () => {
  const TableName = ids['AWS::DynamoDB::Table'] ?? '';
  const dynamodb = clientOf(cloud, DynamoDB, 'DYNAMODB');
  const end = cloud.faults.cause('throttled-table', TableName);
  const get = new GetItemCommand({ TableName, Key: { id: { S: 'one' } } });
  await expect(dynamodb.send(get)).rejects.toThrow('throughput');
  end();
  await dynamodb.send(get);
  expect(await sumOf('AWS/DynamoDB', 'ReadThrottleEvents', { TableName })).toBe(1);
}, 20_000);

test('a message ages in minutes of CloudWatch', async () => {
  const queue = ids['AWS::SQS::Queue'] ?? '';
  const QueueUrl = `${cloud.environment.AWS_ENDPOINT_URL_SQS}/000000000000/${queue}`;
  await clientOf(cloud, SQSClient, 'SQS').send(new SendMessageCommand({ QueueUrl, MessageBody: 'old' }));
  const ages: unknown[] = [];
  for (let minute = 0; minute < 3; minute++)
    ages.push(await sumOf('AWS/SQS', 'ApproximateAgeOfOldestMessage', { QueueName: queue }));
  expect(ages).toEqual([0, 60, 120]);
});

test('an execution and a schedule are measured, and a refused rule fails', async () => {
  const stateMachineArn = `arn:aws:states:us-east-1:000000000000:stateMachine:${ids['AWS::StepFunctions::StateMachine']}`;
  await clientOf(cloud, SFNClient, 'SFN').send(
    new StartExecutionCommand({ stateMachineArn, input: '{"mode":"ok"}' }),
  );
  expect(await sumOf('AWS/States', 'ExecutionsStarted', { StateMachineArn: stateMachineArn })).toBe(1);
  const RuleName = ids['AWS::Events::Rule'] ?? '';
  const end = cloud.faults.cause('refused-rule', RuleName);
  // The schedule is due once in five minutes.
  const failed: number[] = [];
  for (let minute = 0; minute < 5; minute++)
    failed.push((await sumOf('AWS/Events', 'FailedInvocations', { RuleName })) ?? 0);
  end();
  expect(failed.filter(Boolean)).toEqual([1]);
});

test('a request to the API is measured by its status', async () => {
  await fetch(new URL('/unknown', cloud.url));
  expect(await sumOf('AWS/ApiGateway', '4XXError', { ApiName: 'Api' })).toBe(1);
});
