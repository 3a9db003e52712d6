/** HTTP tasks of Step Functions, as AWS documents them: what is sent, what comes back, and the names of failures. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { denied } from '../../../local/iam/refusal.ts';
import type { Call } from '../../../local/iam/statements.ts';
import { createHttpTask } from '../../../local/stepfunctions/http-task.ts';

const machine = 'arn:aws:states:us-east-1:000000000000:stateMachine:m';
const ConnectionArn = 'arn:aws:events:us-east-1:000000000000:connection/c/1';
const task = {
  ApiEndpoint: 'https://api.example.com/v1/x',
  Method: 'GET',
  Authentication: { ConnectionArn },
};

let server: Server;
let standIn: string;
beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/silent') return;
    response.writeHead(request.url === '/v1/missing' ? 404 : 200, {
      'content-type': 'application/problem+json',
    });
    response.end(JSON.stringify({ agent: request.headers['user-agent'], url: request.url }));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  standIn = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const run = (parameters: object, authorize: (call: Call) => void = () => {}, limitMs?: number) =>
  createHttpTask(
    machine,
    { [ConnectionArn]: { headers: {}, standIn } },
    authorize,
    limitMs,
  )({
    ...task,
    ...parameters,
  });

test('an answer has its status, its headers as lists, and its body as JSON', async () => {
  expect(await run({ QueryParameters: { q: 'a b' } })).toEqual({
    StatusCode: 200,
    StatusText: 'OK',
    Headers: expect.objectContaining({ 'content-type': ['application/problem+json'] }),
    ResponseBody: { agent: 'Amazon|StepFunctions|HttpInvoke|us-east-1', url: '/v1/x?q=a+b' },
  });
});

test('a status that is no success is an error of its name, with the answer as its cause', async () => {
  const missing = run({ ApiEndpoint: 'https://api.example.com/v1/missing' });
  const error: Error = await missing.then(
    () => new Error('none'),
    (thrown) => thrown,
  );
  expect(error.name).toBe('States.Http.StatusCode.404');
  expect(JSON.parse(error.message)).toMatchObject({ StatusCode: 404, ResponseBody: { url: '/v1/missing' } });
});

test('an API that does not answer in time is a socket error', async () => {
  const silent = run({ ApiEndpoint: 'https://api.example.com/silent' }, undefined, 50);
  await expect(silent).rejects.toMatchObject({ name: 'States.Http.Socket' });
});

test('plain http is not called', async () => {
  const plain = run({ ApiEndpoint: 'http://api.example.com/v1/x' });
  await expect(plain).rejects.toMatchObject({ name: 'States.Runtime', isCatchable: false });
});

test('nor is anything by a connection that is not there', async () => {
  const unknown = run({ Authentication: { ConnectionArn: `${ConnectionArn}0` } });
  await expect(unknown).rejects.toMatchObject({ name: 'Events.ConnectionResource.ResourceNotFound' });
});

test.each([
  ['states:InvokeHTTPEndpoint', 'States.Permissions'],
  ['events:RetrieveConnectionCredentials', 'Events.ConnectionResource.AccessDenied'],
  ['secretsmanager:DescribeSecret', 'Events.ConnectionResource.AccessDenied'],
  ['secretsmanager:GetSecretValue', 'Events.ConnectionResource.AccessDenied'],
])('nor without %s', async (action, name) => {
  const refused = run({}, (call) => {
    if (call.action === action) throw denied(machine, call, 'no allow');
  });
  await expect(refused).rejects.toMatchObject({ name });
});
