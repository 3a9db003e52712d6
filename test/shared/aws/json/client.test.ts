/** Compares the clients in the engine's bundles with those of the AWS SDK: the same requests, results and errors. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import * as realDynamodb from '@aws-sdk/client-dynamodb';
import * as realSfn from '@aws-sdk/client-sfn';
import * as realSqs from '@aws-sdk/client-sqs';
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import * as dynamodb from '../../../../lambdas/shared/aws/json/dynamodb.ts';
import * as sfn from '../../../../lambdas/shared/aws/json/sfn.ts';
import { signHeaders } from '../../../../lambdas/shared/aws/json/sign.ts';
import * as sqs from '../../../../lambdas/shared/aws/json/sqs.ts';

interface Canned {
  readonly status?: number;
  readonly body?: unknown;
  /** Closes the connection instead. */
  readonly closes?: true;
}

const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'token' };
const VARIABLES = {
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  AWS_SESSION_TOKEN: credentials.sessionToken,
};

let server: Server;
let url: string;
let received: { headers: IncomingHttpHeaders; body: string }[];
let responses: Canned[];
const before = { ...process.env };

beforeAll(async () => {
  server = createServer(async (request, response) => {
    received.push({ headers: request.headers, body: await text(request) });
    const { status = 200, body = {}, closes } = responses.shift() ?? {};
    if (closes) request.socket.destroy();
    else response.writeHead(status, { 'x-amzn-requestid': 'r1' }).end(JSON.stringify(body));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  Object.assign(process.env, VARIABLES, { AWS_ENDPOINT_URL: url });
});
afterAll(() => {
  for (const name of [...Object.keys(VARIABLES), 'AWS_ENDPOINT_URL']) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  received = [];
  responses = [];
});

interface Sender {
  send(command: never): Promise<unknown>;
}

const md5 = (content: string) => createHash('md5').update(content).digest('hex');

/** Sends a command, and returns the request and what came of it. */
async function outcomeOf(client: Sender, command: object, canned: Canned) {
  responses = [canned];
  received = [];
  const { $metadata: _, ...result } = await client.send(command as never).then(
    (output) => Object(output),
    ({ name, message, $fault, $metadata, ...fields }) => {
      const { httpStatusCode, requestId } = $metadata;
      const { $response, $retryable, Type, Code, Error: _, __type, Message, RequestId, ...own } = fields;
      return { error: { name, message, $fault, httpStatusCode, requestId, ...own } };
    },
  );
  const [{ headers, body } = { headers: {}, body: '' }] = received;
  return { target: headers['x-amz-target'], type: headers['content-type'], input: JSON.parse(body), result };
}

const MODULES = {
  dynamodb: { sdk: realDynamodb, own: dynamodb, client: 'DynamoDBClient' },
  sfn: { sdk: realSfn, own: sfn, client: 'SFNClient' },
  sqs: { sdk: realSqs, own: sqs, client: 'SQSClient' },
} as const;
type Create = new (given: object) => object;

const item = {
  jobId: { S: 'a' },
  n: { N: '1.5' },
  list: { L: [{ BOOL: true }, { NULL: true }] },
  map: { M: {} },
};
const refusal = (name: string, fields: object = {}) => ({
  status: 400,
  body: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'No.', ...fields },
});

test.each<[keyof typeof MODULES, string, object, Canned]>([
  [
    'dynamodb',
    'GetItem',
    { TableName: 't', Key: { jobId: { S: 'a' } }, ConsistentRead: true },
    { body: { Item: item } },
  ],
  [
    'dynamodb',
    'GetItem',
    { TableName: 't', Key: { jobId: { S: 'ü \u{1f600}' } }, ProjectionExpression: undefined },
    {},
  ],
  ['dynamodb', 'PutItem', { TableName: 't', Item: item, ConditionExpression: 'attribute_not_exists(a)' }, {}],
  [
    'dynamodb',
    'PutItem',
    { TableName: 't', Item: item },
    refusal('ConditionalCheckFailedException', { Item: item }),
  ],
  [
    'dynamodb',
    'UpdateItem',
    { TableName: 't', Key: item, ReturnValues: 'ALL_NEW' },
    { body: { Attributes: item } },
  ],
  ['dynamodb', 'UpdateItem', { TableName: 't', Key: item }, refusal('ValidationException')],
  [
    'dynamodb',
    'DeleteItem',
    { TableName: 't', Key: item },
    { status: 400, body: { __type: 'x#AccessDeniedException', Message: 'No.' } },
  ],
  [
    'dynamodb',
    'Query',
    { TableName: 't', Limit: 2 },
    { body: { Items: [item], Count: 1, LastEvaluatedKey: item } },
  ],
  ['dynamodb', 'Scan', { TableName: 't' }, { body: { Items: [], Count: 0, ScannedCount: 0 } }],
  [
    'dynamodb',
    'BatchGetItem',
    { RequestItems: { t: { Keys: [item] } } },
    { body: { Responses: { t: [item] }, UnprocessedKeys: {} } },
  ],
  [
    'dynamodb',
    'GetItem',
    { TableName: 't', Key: item },
    { status: 500, body: { __type: 'InternalServerError', message: 'Oh.' } },
  ],
  [
    'sfn',
    'StartExecution',
    { stateMachineArn: 'm', name: 'n', input: '{}' },
    { body: { executionArn: 'e', startDate: 1_700_000_000.5 } },
  ],
  ['sfn', 'StartExecution', { stateMachineArn: 'm', name: 'n' }, refusal('ExecutionAlreadyExists')],
  [
    'sfn',
    'DescribeExecution',
    { executionArn: 'e' },
    {
      body: {
        executionArn: 'e',
        stateMachineArn: 'm',
        status: 'FAILED',
        startDate: 1,
        stopDate: 2,
        error: 'E',
      },
    },
  ],
  ['sfn', 'DescribeExecution', { executionArn: 'e' }, refusal('ExecutionDoesNotExist')],
  [
    'sfn',
    'ListExecutions',
    { stateMachineArn: 'm' },
    {
      body: {
        executions: [{ executionArn: 'e', stateMachineArn: 'm', name: 'n', status: 'RUNNING', startDate: 3 }],
        nextToken: 'x',
      },
    },
  ],
  ['sfn', 'ListExecutions', { stateMachineArn: 'm' }, refusal('StateMachineDoesNotExist')],
  ['sfn', 'StopExecution', { executionArn: 'e', error: 'E', cause: 'c' }, { body: { stopDate: 4.25 } }],
  ['sfn', 'SendTaskSuccess', { taskToken: 't', output: '{}' }, {}],
  ['sfn', 'SendTaskSuccess', { taskToken: 't', output: '{}' }, refusal('TaskTimedOut')],
  ['sfn', 'SendTaskSuccess', { taskToken: 't', output: '{}' }, refusal('InvalidToken')],
  ['sfn', 'SendTaskSuccess', { taskToken: 't', output: '{}' }, refusal('TaskDoesNotExist')],
  [
    'sqs',
    'SendMessage',
    { MessageBody: '{"a":"ü"}', DelaySeconds: 3, MessageGroupId: 'g' },
    { body: { MessageId: 'm', MD5OfMessageBody: md5('{"a":"ü"}') } },
  ],
  [
    'sqs',
    'SendMessageBatch',
    { Entries: [{ Id: '0', MessageBody: 'b' }] },
    { body: { Successful: [], Failed: [{ Id: '0', Code: 'c', SenderFault: true }] } },
  ],
  ['sqs', 'GetQueueAttributes', { AttributeNames: ['All'] }, { body: { Attributes: { DelaySeconds: '0' } } }],
  [
    'sqs',
    'ReceiveMessage',
    { MaxNumberOfMessages: 10 },
    { body: { Messages: [{ MessageId: 'm', Body: 'b', MD5OfBody: md5('b') }] } },
  ],
  ['sqs', 'SendMessage', { MessageBody: 'b' }, refusal('QueueDoesNotExist')],
])('%s %s is what the SDK makes of it: %j, %j', async (service, action, input, canned) => {
  const { sdk, own, client } = MODULES[service];
  const outcome = async (module: object) => {
    const { [client]: Client, [`${action}Command`]: Command } = module as Record<string, Create>;
    if (!Client || !Command) throw new Error(`${service} has no ${action}Command`);
    return outcomeOf(
      new Client({ maxAttempts: 1 }) as Sender,
      new Command({ ...input, ...(service === 'sqs' && { QueueUrl: `${url}/000000000000/queue` }) }),
      canned,
    );
  };
  const expected = await outcome(sdk);
  expect(await outcome(own)).toEqual(expected);
  expect(expected.target).toMatch(action);
});

test('the signature is that of the SDK', async () => {
  const target = new URL('https://dynamodb.eu-west-1.amazonaws.com/base/');
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': 'DynamoDB_20120810.GetItem',
  };
  const now = Date.UTC(2026, 10, 27, 9, 8, 7, 654);
  const own = signHeaders({ url: target, service: 'dynamodb', headers, body: '{"a":"ü"}' }, now);
  const signer = new SignatureV4({ service: 'dynamodb', region: 'eu-west-1', credentials, sha256: Sha256 });
  const request = { method: 'POST', protocol: 'https:', hostname: target.host, path: target.pathname };
  const signed = await signer.sign(
    { ...request, headers: { ...headers, host: target.host }, body: '{"a":"ü"}' },
    { signingDate: new Date(now) },
  );
  // The SDK also sends the digest of the body as a header.
  const { 'x-amz-content-sha256': digest = '', ...rest } = signed.headers;
  const withDigest = { ...headers, 'x-amz-content-sha256': digest };
  expect(
    signHeaders({ url: target, service: 'dynamodb', headers: withDigest, body: '{"a":"ü"}' }, now),
  ).toEqual(signed.headers);
  expect(Object.keys(own).sort()).toEqual(Object.keys(rest).sort());
});

const get = () => new dynamodb.GetItemCommand({ TableName: 't', Key: {} });

test.each<[string, Canned]>([
  ['a throttled call', refusal('ThrottlingException')],
  ['a throttled table', refusal('ProvisionedThroughputExceededException')],
  ['status 503', { status: 503, body: 'unavailable' }],
  ['a closed connection', { closes: true }],
])('%s is tried again, with a new signature', async (_, canned) => {
  responses = [canned, { body: { Item: item } }];
  await expect(new dynamodb.DynamoDBClient().send(get())).resolves.toEqual({ Item: item });
  expect(received).toHaveLength(2);
});

test('a third failure is the error', async () => {
  responses = Array.from({ length: 4 }, () => refusal('ThrottlingException'));
  const call = new dynamodb.DynamoDBClient().send(get());
  await expect(call).rejects.toMatchObject({
    name: 'ThrottlingException',
    $metadata: { httpStatusCode: 400 },
  });
  expect(received).toHaveLength(3);
});

test.each(['ConditionalCheckFailedException', 'ValidationException', 'AccessDeniedException'])(
  '%s is not tried again',
  async (name) => {
    responses = [refusal(name)];
    await expect(new dynamodb.DynamoDBClient().send(get())).rejects.toMatchObject({ name });
    expect(received).toHaveLength(1);
  },
);

test('errors have the classes that callers look for', async () => {
  responses = [refusal('ConditionalCheckFailedException'), refusal('ExecutionAlreadyExists')];
  await expect(new dynamodb.DynamoDBClient().send(get())).rejects.toThrow(
    dynamodb.ConditionalCheckFailedException,
  );
  const start = new sfn.StartExecutionCommand({ stateMachineArn: 'm' });
  await expect(new sfn.SFNClient().send(start)).rejects.toThrow(sfn.ExecutionAlreadyExists);
});

test('a response that is no JSON is an error with its status', async () => {
  responses = [{ status: 404, body: 'proxy' }];
  await expect(new dynamodb.DynamoDBClient().send(get())).rejects.toMatchObject({
    name: 'UnknownError',
    message: 'The service responded with status 404.',
  });
});

test('a signal ends a call, also between its attempts', async () => {
  responses = [refusal('ThrottlingException'), refusal('ThrottlingException')];
  const abortSignal = AbortSignal.timeout(20);
  const call = new dynamodb.DynamoDBClient({ maxAttempts: 100 }).send(get(), { abortSignal });
  await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  const late = new dynamodb.DynamoDBClient().send(get(), { abortSignal });
  await expect(late).rejects.toMatchObject({ name: 'AbortError' });
});

test('a service that sends nothing is given up', async () => {
  const silent = createServer(() => {});
  await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening));
  process.env.AWS_ENDPOINT_URL_DYNAMODB = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const client = new dynamodb.DynamoDBClient({ maxAttempts: 1, requestHandler: { socketTimeout: 20 } });
  const call = client.send(get());
  await expect(call).rejects.toThrow('sent nothing for 20 ms');
  delete process.env.AWS_ENDPOINT_URL_DYNAMODB;
  silent.closeAllConnections();
  silent.close();
});

test('pages follow one another', async () => {
  const next = { jobId: { S: 'a' } };
  responses = [{ body: { Items: [item], LastEvaluatedKey: next } }, { body: { Items: [] } }];
  const pages = dynamodb.paginateQuery({ client: new dynamodb.DynamoDBClient() }, { TableName: 't' });
  const counts: unknown[] = [];
  for await (const page of pages) counts.push((page as { Items: unknown[] }).Items.length);
  expect(counts).toEqual([1, 0]);
  expect(received.map(({ body }) => JSON.parse(body))).toEqual([
    { TableName: 't' },
    { TableName: 't', ExclusiveStartKey: next },
  ]);
});

test('what only the SDK can do is refused with the remedy', async () => {
  expect(() => new dynamodb.DynamoDBClient({ retryMode: 'adaptive' } as object)).toThrow(
    'The client of dynamodb in this bundle has no option "retryMode": remove it, or set `wholeSdk` of the function.',
  );
  const put = new dynamodb.PutItemCommand({ TableName: 't', Item: { a: { B: Buffer.from('a') } } });
  await expect(new dynamodb.DynamoDBClient().send(put)).rejects.toThrow('sends no bytes ("B")');
});
