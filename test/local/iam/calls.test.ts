/** What requests mean to IAM: their actions, and the ARNs of what they are about. */
import { describe, expect, test } from '@jest/globals';
import { stateMachineCall } from '../../../local/iam/json-calls.ts';
import { queueCall, topicCall } from '../../../local/iam/message-calls.ts';
import { objectCalls } from '../../../local/iam/object-calls.ts';
import type { Call } from '../../../local/iam/statements.ts';
import { storageCall } from '../../../local/iam/storage-guard.ts';
import { tableCalls } from '../../../local/iam/table-calls.ts';

const text = ({ action, resource }: Call) =>
  `${action} ${resource.replace(/^arn:aws:\w+:(us-east-1:000000000000|:):/, '')}`;

test.each<[string, object, string[]]>([
  ['GetItem', { TableName: 't' }, ['dynamodb:GetItem table/t']],
  ['GetItem', { TableName: 'arn:aws:dynamodb:us-east-1:000000000000:table/t' }, ['dynamodb:GetItem table/t']],
  ['Query', { TableName: 't' }, ['dynamodb:Query table/t']],
  ['Scan', { TableName: 't', IndexName: 'i' }, ['dynamodb:Scan table/t/index/i']],
  [
    'BatchWriteItem',
    { RequestItems: { a: [], b: [] } },
    ['dynamodb:BatchWriteItem table/a', 'dynamodb:BatchWriteItem table/b'],
  ],
  ['BatchGetItem', {}, ['dynamodb:BatchGetItem *']],
  [
    'TransactWriteItems',
    { TransactItems: [{ Put: { TableName: 'a' } }, { ConditionCheck: { TableName: 'b' } }] },
    ['dynamodb:PutItem table/a', 'dynamodb:ConditionCheckItem table/b'],
  ],
  ['TransactGetItems', { TransactItems: [{ Get: { TableName: 'a' } }] }, ['dynamodb:GetItem table/a']],
  ['ListTables', {}, ['dynamodb:ListTables *']],
])('DynamoDB %s of %j', (action, input, calls) => {
  expect(
    tableCalls(action, input)
      .map(text)
      .map((call) => call.replace(' :', ' ')),
  ).toEqual(calls);
});

test.each<[string, string, string[], Record<string, string>?, string?]>([
  ['GET', '/', ['s3:ListAllMyBuckets *']],
  ['GET', '/b?list-type=2&prefix=p', ['s3:ListBucket b']],
  ['GET', '/b/', ['s3:ListBucket b']],
  ['HEAD', '/b', ['s3:ListBucket b']],
  ['GET', '/b/a%20b/c', ['s3:GetObject b/a b/c']],
  ['GET', '/b/k?attributes', ['s3:GetObject b/k', 's3:GetObjectAttributes b/k']],
  ['GET', '/b/k#/other', ['s3:GetObject b/k']],
  ['HEAD', '/b/k', ['s3:GetObject b/k']],
  ['PUT', '/b/k?partNumber=1&uploadId=u', ['s3:PutObject b/k']],
  ['PUT', '/b/k', ['s3:GetObject c/x y', 's3:PutObject b/k'], { 'x-amz-copy-source': '/c/x%20y' }],
  ['PUT', '/b/k?renameObject', ['s3:RenameObject b/k']],
  ['PUT', '/b', ['s3:CreateBucket b']],
  ['PUT', '/b?lifecycle', ['s3:PutLifecycleConfiguration b']],
  ['DELETE', '/b', ['s3:DeleteBucket b']],
  ['DELETE', '/b/k', ['s3:DeleteObject b/k']],
  ['DELETE', '/b/k?uploadId=u', ['s3:AbortMultipartUpload b/k']],
  ['DELETE', '/b/k?uploadId=', ['s3:DeleteObject b/k']],
  ['POST', '/b/k?uploads', ['s3:PutObject b/k']],
  ['POST', '/b/k?uploadId=u', ['s3:PutObject b/k']],
  [
    'POST',
    '/b?delete',
    ['s3:DeleteObject b/a', 's3:DeleteObject b/b&c'],
    {},
    '<Delete><Object><Key>a</Key></Object><Object><Key>b&amp;c</Key></Object></Delete>',
  ],
  // What the local S3 takes for a deletion of several.
  ['POST', '/b/k', ['s3:DeleteObject b/a'], {}, '<Key>a</Key>'],
  ['POST', '/b', ['s3:PutObject b/*'], { 'content-type': 'multipart/form-data; boundary=x' }],
])('S3 %s %s', (method, url, calls, headers = {}, body = '') => {
  expect(objectCalls({ method, url, headers, body }).map(text)).toEqual(calls);
});

describe('SQS and SNS', () => {
  test.each<[Call, string]>([
    [queueCall('SendMessageBatch', { QueueUrl: 'http://x/0/q' }), 'sqs:SendMessage q'],
    [
      queueCall('ChangeMessageVisibilityBatch', { QueueUrl: 'http://x/0/q' }),
      'sqs:ChangeMessageVisibility q',
    ],
    [queueCall('GetQueueUrl', { QueueName: 'q' }), 'sqs:GetQueueUrl q'],
    [queueCall('SendMessage', { QueueUrl: 'http://x/0/q', QueueName: 'other' }), 'sqs:SendMessage q'],
    [queueCall('ListQueues', {}), 'sqs:ListQueues *'],
    [topicCall('PublishBatch', { TopicArn: 'arn:aws:sns:us-east-1:000000000000:t' }), 'sns:Publish t'],
    [
      topicCall('Unsubscribe', {
        SubscriptionArn: 'arn:aws:sns:us-east-1:000000000000:t:1',
        TopicArn: 'other',
      }),
      'sns:Unsubscribe t',
    ],
    [topicCall('TagResource', { ResourceArn: 'arn:aws:sns:us-east-1:000000000000:t' }), 'sns:TagResource t'],
    [topicCall('ListTopics', {}), 'sns:ListTopics *'],
  ])('%j is %s', (call, expected) => {
    expect(text(call)).toBe(expected);
  });

  const JSON_TYPE = 'application/x-amz-json-1.0';
  const FORM = 'application/x-www-form-urlencoded';
  test.each([
    [
      'POST',
      '/',
      { 'content-type': JSON_TYPE, 'x-amz-target': 'AmazonSQS.SendMessage' },
      {},
      'sqs SendMessage',
    ],
    ['POST', '/?x', { 'content-type': JSON_TYPE, 'x-amz-target': 'SendMessage' }, {}, 'sqs SendMessage'],
    // What decides is what the storage looks at.
    [
      'POST',
      '/',
      { 'content-type': FORM, 'x-amz-target': 'AmazonSQS.A' },
      { Action: 'Publish' },
      'sns Publish',
    ],
    ['POST', '/', { 'content-type': FORM }, { Action: 'GetCallerIdentity' }, 'sts GetCallerIdentity'],
    ['GET', '/', {}, undefined, 's3 GET'],
    ['POST', '/b', { 'content-type': FORM }, {}, 's3 POST'],
  ])('%s %s with %j is %s', (method, url, headers, body, expected) => {
    const { service, action } = storageCall({ method, url, headers, body });
    expect(`${service} ${action}`).toBe(expected);
  });
});

test('a start is of a machine, the rest of an execution', () => {
  const input = { stateMachineArn: 'machine', executionArn: 'execution' };
  expect(stateMachineCall('StartExecution', input).resource).toBe('machine');
  expect(stateMachineCall('StartSyncExecution', input).resource).toBe('machine');
  for (const action of ['StopExecution', 'GetExecutionHistory', 'DescribeStateMachineForExecution']) {
    expect(stateMachineCall(action, input).resource).toBe('execution');
  }
});
