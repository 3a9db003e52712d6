/** Functions call as their roles: what each service lets through, and how it refuses the rest. */
import {
  BatchGetItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { CreateTopicCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import {
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type LocalCloud, startLocalCloud } from '../../../local/cloud.ts';
import { fixtureAssembly } from '../fixture/assembly.ts';
import { waitFor } from '../fixture/harness.ts';

type Environment = Readonly<Record<string, string>>;

let cloud: LocalCloud;
let some: Clients;
let none: Clients;
let much: Clients;
let admin: Clients;
const log: string[] = [];

beforeAll(async () => {
  cloud = await startLocalCloud({
    assemblyDirectory: await fixtureAssembly('iam-app.ts'),
    onLog: (name, line) => log.push(`${name} ${line}`),
  });
  admin = clients(cloud.environment);
  [some, none, much] = await Promise.all([clientsAs('some'), clientsAs('none'), clientsAs('much')]);
});
afterAll(() => cloud.close());

/** Clients with the credentials that a function finds in its environment. */
async function clientsAs(functionName: string): Promise<Clients> {
  const response = await fetch(`${cloud.url}/${functionName}`, { method: 'POST' });
  return clients(((await response.json()) as { environment: Environment }).environment);
}

function clients(environment: Environment) {
  const options = (service: string) => ({
    endpoint: cloud.environment[`AWS_ENDPOINT_URL_${service}`],
    region: 'us-east-1',
    credentials: {
      accessKeyId: environment.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? '',
      sessionToken: environment.AWS_SESSION_TOKEN,
    },
  });
  return {
    environment,
    dynamo: new DynamoDBClient(options('DYNAMODB')),
    s3: new S3Client(options('S3')),
    secrets: new SecretsManagerClient(options('SECRETS_MANAGER')),
    sfn: new SFNClient(options('SFN')),
    sns: new SNSClient(options('SNS')),
    sqs: new SQSClient(options('SQS')),
  };
}
type Clients = ReturnType<typeof clients>;

const ACCOUNT = '000000000000';
const arn = (service: string, resource: string) => `arn:aws:${service}:us-east-1:${ACCOUNT}:${resource}`;
const QueueUrl = `http://sqs/${ACCOUNT}/jobs`;
const TopicArn = arn('sns', 'news');
const Bucket = 'files';
const Key = { id: { S: '1' } };
const Entries = [{ Id: '0', MessageBody: 'hello' }];

/** AWS's sentence about a call without an allow. */
function notAllowed(name: string, action: string, resource: string): RegExp {
  const user = `arn:aws:sts::${ACCOUNT}:assumed-role/${name}ServiceRole\\w+/${name}`;
  return RegExp(
    `^User: ${user} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action$`,
  );
}

describe('what is allowed', () => {
  test('is done, in each service', async () => {
    await some.dynamo.send(new PutItemCommand({ TableName: 'items', Item: Key }));
    await some.dynamo.send(new BatchGetItemCommand({ RequestItems: { items: { Keys: [Key] } } }));
    expect(await query(some, 'open')).toEqual([Key]);
    await some.s3.send(new PutObjectCommand({ Bucket, Key: 'open/a', Body: 'a' }));
    await some.s3.send(new CopyObjectCommand({ Bucket, Key: 'open/b', CopySource: `${Bucket}/open/a` }));
    await some.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    await some.sns.send(new PublishCommand({ TopicArn, Message: 'hello' }));
    await some.secrets.send(new GetSecretValueCommand({ SecretId: 'key' }));
    await some.sfn.send(new StartExecutionCommand({ stateMachineArn: arn('states', 'stateMachine:able') }));
  });

  test('by a pattern, is done', async () => {
    await much.dynamo.send(new UpdateItemCommand({ TableName: 'others', Key }));
    await much.sqs.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 0 }));
    await much.s3.send(new ListObjectsV2Command({ Bucket }));
  });

  test('by the policy of the resource alone, is done', async () => {
    await none.sns.send(new PublishCommand({ TopicArn, Message: 'hello' }));
  });

  test('to the developer is everything', async () => {
    await admin.dynamo.send(new UpdateItemCommand({ TableName: 'others', Key }));
    await admin.sqs.send(new PurgeQueueCommand({ QueueUrl }));
  });
});

function query({ dynamo }: Clients, IndexName?: string) {
  const KeyConditionExpression = 'id = :id';
  const ExpressionAttributeValues = { ':id': Key.id };
  const command = { TableName: 'items', IndexName, KeyConditionExpression, ExpressionAttributeValues };
  return dynamo.send(new QueryCommand(command)).then(({ Items }) => Items);
}

describe('what is not allowed', () => {
  test.each<[string, string, () => Promise<unknown>, string, string, string]>([
    [
      'a table',
      'none',
      () => none.dynamo.send(new GetItemCommand({ TableName: 'items', Key })),
      'AccessDeniedException',
      'dynamodb:GetItem',
      arn('dynamodb', 'table/items'),
    ],
    [
      'another action',
      'some',
      () => some.dynamo.send(new UpdateItemCommand({ TableName: 'items', Key })),
      'AccessDeniedException',
      'dynamodb:UpdateItem',
      arn('dynamodb', 'table/items'),
    ],
    [
      'another table of a batch',
      'some',
      () =>
        some.dynamo.send(
          new BatchGetItemCommand({ RequestItems: { items: { Keys: [Key] }, others: { Keys: [Key] } } }),
        ),
      'AccessDeniedException',
      'dynamodb:BatchGetItem',
      arn('dynamodb', 'table/others'),
    ],
    [
      'a table whose index is allowed',
      'some',
      () => query(some),
      'AccessDeniedException',
      'dynamodb:Query',
      arn('dynamodb', 'table/items'),
    ],
    [
      'another index',
      'some',
      () => query(some, 'closed'),
      'AccessDeniedException',
      'dynamodb:Query',
      arn('dynamodb', 'table/items/index/closed'),
    ],
    [
      'an object elsewhere',
      'some',
      () => some.s3.send(new GetObjectCommand({ Bucket, Key: 'secret' })),
      'AccessDenied',
      's3:GetObject',
      '"arn:aws:s3:::files/secret"',
    ],
    [
      'the source of a copy',
      'some',
      () => some.s3.send(new CopyObjectCommand({ Bucket, Key: 'open/c', CopySource: `${Bucket}/secret` })),
      'AccessDenied',
      's3:GetObject',
      '"arn:aws:s3:::files/secret"',
    ],
    [
      'an object that is not there, to those who may not list',
      'some',
      () => some.s3.send(new GetObjectCommand({ Bucket, Key: 'open/nothing' })),
      'AccessDenied',
      's3:ListBucket',
      '"arn:aws:s3:::files"',
    ],
    [
      'a queue',
      'none',
      () => none.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries })),
      'AccessDenied',
      'sqs:sendmessage',
      arn('sqs', 'jobs'),
    ],
    [
      'topics',
      'none',
      () => none.sns.send(new CreateTopicCommand({ Name: 'more' })),
      'AuthorizationErrorException',
      'SNS:CreateTopic',
      arn('sns', 'more'),
    ],
    [
      'a secret',
      'some',
      () => some.secrets.send(new PutSecretValueCommand({ SecretId: 'key', SecretString: 'mine' })),
      'AccessDeniedException',
      'secretsmanager:PutSecretValue',
      arn('secretsmanager', 'secret:key'),
    ],
    [
      'another state machine',
      'some',
      () =>
        some.sfn.send(new StartExecutionCommand({ stateMachineArn: arn('states', 'stateMachine:unable') })),
      'AccessDeniedException',
      'states:StartExecution',
      arn('states', 'stateMachine:unable'),
    ],
  ])('%s: %s is refused', async (_what, name, attempt, error, action, resource) => {
    await expect(attempt()).rejects.toMatchObject({
      name: error,
      message: expect.stringMatching(notAllowed(name, action, resource)),
    });
  });

  test('a HEAD of an object that is not there is 403, and 404 to those who may list', async () => {
    const head = new HeadObjectCommand({ Bucket, Key: 'open/nothing' });
    await expect(some.s3.send(head)).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
    await expect(much.s3.send(head)).rejects.toMatchObject({ $metadata: { httpStatusCode: 404 } });
  });

  test('a state machine may not invoke every function either', async () => {
    expect(await run('able')).toMatchObject({ status: 'SUCCEEDED' });
    expect(await run('unable')).toMatchObject({
      status: 'FAILED',
      error: 'Lambda.AWSLambdaException',
      cause: expect.stringMatching(
        /assumed-role\/unableRole\w+\/unable is not authorized to perform: lambda:InvokeFunction on resource: .*:function:some /,
      ),
    });
  });
});

/** To its end. */
async function run(machine: string) {
  const { executionArn } = await admin.sfn.send(
    new StartExecutionCommand({ stateMachineArn: arn('states', `stateMachine:${machine}`) }),
  );
  return waitFor(async () => {
    const execution = await admin.sfn.send(new DescribeExecutionCommand({ executionArn }));
    return execution.status === 'RUNNING' ? undefined : execution;
  });
}

describe('what is denied', () => {
  test('by the role is refused, whatever allows it', async () => {
    for (const kept of ['kept/1', 'kept/11']) {
      await admin.s3.send(new PutObjectCommand({ Bucket, Key: kept, Body: 'x' }));
    }
    const Objects = [{ Key: 'kept/11' }, { Key: 'kept/1' }];
    await expect(
      much.s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } })),
    ).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringMatching(
        /s3:DeleteObject on resource: "arn:aws:s3:::files\/kept\/1" with an explicit deny in an identity-based policy$/,
      ),
    });
    await much.s3.send(new DeleteObjectCommand({ Bucket, Key: 'kept/11' }));
  });

  test('by the resource is refused', async () => {
    await expect(much.sqs.send(new PurgeQueueCommand({ QueueUrl }))).rejects.toThrow(
      'with an explicit deny in a resource-based policy',
    );
  });
});

describe('a presigned URL', () => {
  const sign = ({ s3 }: Clients, command: GetObjectCommand | PutObjectCommand) =>
    getSignedUrl(s3, command, { expiresIn: 60 });

  test('may do what its signer may', async () => {
    const url = await sign(some, new PutObjectCommand({ Bucket, Key: 'open/signed' }));
    expect((await fetch(url, { method: 'PUT', body: 'signed' })).status).toBe(200);
    const answer = await fetch(await sign(some, new GetObjectCommand({ Bucket, Key: 'open/signed' })));
    expect(await answer.text()).toBe('signed');
  });

  test('may do no more', async () => {
    const answer = await fetch(await sign(none, new GetObjectCommand({ Bucket, Key: 'open/signed' })));
    expect(answer.status).toBe(403);
    expect(await answer.text()).toMatch(/<Code>AccessDenied<\/Code><Message>User: .*\/none is not/);
  });
});

describe('credentials', () => {
  const UNKNOWN = 'The security token included in the request is invalid.';

  async function errorsOf({ dynamo, s3, sfn, sns, sqs }: Clients) {
    const attempts = [
      dynamo.send(new GetItemCommand({ TableName: 'items', Key })),
      s3.send(new ListObjectsV2Command({ Bucket })),
      sfn.send(new StartExecutionCommand({ stateMachineArn: arn('states', 'stateMachine:able') })),
      sns.send(new PublishCommand({ TopicArn, Message: 'hello' })),
      sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries })),
    ];
    const settled = await Promise.all(attempts.map((attempt) => attempt.catch((error: Error) => error)));
    return settled.map((error) => [(error as Error).name, (error as Error).message]);
  }

  const refusals = [
    ['UnrecognizedClientException', UNKNOWN],
    ['InvalidAccessKeyId', UNKNOWN],
    ['UnrecognizedClientException', UNKNOWN],
    ['InvalidClientTokenId', UNKNOWN],
    ['UnrecognizedClientException', UNKNOWN],
  ];

  test('of nobody are refused', async () => {
    const nobody = clients({ AWS_ACCESS_KEY_ID: 'AKIANOBODY', AWS_SECRET_ACCESS_KEY: 'x' });
    expect(await errorsOf(nobody)).toEqual(refusals);
  });

  test('of a role without its session token are refused', async () => {
    const { AWS_SESSION_TOKEN: _, ...tokenless } = some.environment;
    expect(await errorsOf(clients(tokenless))).toEqual(refusals);
  });

  test('are needed', async () => {
    const url = `${cloud.environment.AWS_ENDPOINT_URL_S3}/${Bucket}/open/a`;
    expect((await fetch(url)).status).toBe(403);
    // What the storage has besides AWS's services is no way around.
    expect((await fetch(`${cloud.environment.AWS_ENDPOINT_URL_S3}/_fauxqs/queues`)).status).toBe(403);
  });
});

test('a rule that the function has permitted reaches it', async () => {
  await run('able');
  await waitFor(async () => log.find((line) => /^none .*secret detail/.test(line)));
});

test('used is what was called, by pattern; the rest of what was granted is unused', () => {
  const role = cloud.permissions().find(({ role }) => role.startsWith('much'));
  const bucketArn = 'arn:aws:s3:::files';
  expect(role?.granted).toContainEqual({ action: 's3:*', resource: bucketArn });
  expect(role?.used).toContainEqual({ action: 's3:ListBucket', resource: bucketArn });
  expect(role?.used).toContainEqual({ action: 'dynamodb:UpdateItem', resource: '*' });
  const logging = ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'];
  expect(role?.unused.map(({ action }) => action)).toEqual(logging);
  const other = cloud.permissions().find(({ role }) => role.startsWith('some'));
  expect(other?.unused).toContainEqual({
    action: 'sqs:GetQueueUrl',
    resource: 'arn:aws:sqs:us-east-1:000000000000:jobs',
  });
});
