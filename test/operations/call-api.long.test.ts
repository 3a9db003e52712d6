/** `call_api` against a server on this machine: what is called, how often, with what, and what is never told. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { paginateScan } from '@aws-sdk/client-dynamodb';
import { GetExecutionHistoryCommand } from '@aws-sdk/client-sfn';
import type { Client } from '@modelcontextprotocol/client';
import { App } from 'aws-cdk-lib';
import type { StepContext } from '../../lambdas/definition/step-context.ts';
import { callApi } from '../../lambdas/operations/call-api/operation.ts';
import { request as requestStep } from '../../lambdas/operations/call-api/request.ts';
import { readApis } from '../../lib/operations/api-connections.ts';
import { type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import { readAssembly } from '../../local/template/assembly.ts';
import { assemblies } from '../support/assemblies.ts';
import { operationName } from '../support/operation-name.ts';
import { awsClients, call, connect, fileUrl } from '../support/test-cloud.ts';

const SECRET = 'canary-5f1c-key-of-the-operator';
const CRM = 'arn:aws:events:us-east-1:000000000000:connection/crm/11111111-1111-1111-1111-111111111111';
const GHOST = 'arn:aws:events:us-east-1:000000000000:connection/ghost/22222222-2222-2222-2222-222222222222';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
type Answer = (response: ServerResponse, seen: Seen) => void;

let server: Server;
let cloud: LocalCloud;
let client: Client;
const seen: Seen[] = [];
const log: string[] = [];
let answers: Answer[] = [];
/** Resolves when the next request has come. */
let onRequest = () => {};

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    const one = { method, url, headers, body: await text(request) };
    seen.push(one);
    // The last answer is given for ever.
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    answer?.(response, one);
    onRequest();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  cloud = await startLocalCloud({
    assemblyDirectory: assemblies.app,
    connections: {
      [CRM]: { headers: { 'x-api-key': SECRET }, standIn: `http://127.0.0.1:${port}` },
      // Nobody can listen there.
      [GHOST]: { headers: {}, standIn: 'http://127.0.0.1:1' },
    },
    onLog: (name, line) => log.push(`${name} ${line}`),
  });
  client = await connect(cloud);
}, 60_000);
afterAll(async () => {
  await client.close();
  await cloud.close();
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  seen.length = 0;
  answers = [];
});

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
const plain =
  (status: number, body: string, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(body);
const accepted = (headers: Record<string, string>) => plain(202, '', { 'retry-after': '1', ...headers });

async function run(args: Record<string, unknown> = {}) {
  const given = { connection: 'crm', method: 'GET', path: '/orders/17', ...args };
  const { data } = await call(client, 'start_call_api', { ...given, wait_seconds: 50 });
  return data;
}

const requests = () => seen.map(({ method, url }) => `${method} ${url}`);

describe('an answer', () => {
  test('that is JSON is the result, with the headers that a caller can use', async () => {
    answers = [json(200, { id: 17 }, { etag: '"3"', 'set-cookie': 'session=1', 'x-request-id': 'r-1' })];
    expect(await run({ path: '/orders/17?fields=id&q=a%20b' })).toMatchObject({
      status: 'completed',
      progress: 1,
      result: {
        status: 200,
        headers: { 'content-type': 'application/json', etag: '"3"', 'x-request-id': 'r-1' },
        body: { id: 17 },
      },
    });
    expect(requests()).toEqual(['GET /v2/orders/17?fields=id&q=a+b']);
    expect(seen[0]?.headers).toMatchObject({ 'x-api-key': SECRET, range: 'bytes=0-262144' });
    expect(seen[0]?.headers['content-type']).toBeUndefined();
  });

  test.each<[string, Answer, unknown]>([
    ['that is text', plain(200, 'Hello'), 'Hello'],
    ['that has no body', (response) => response.writeHead(204).end(), null],
    ['that is JSON and a text', json(200, 'job-17'), 'job-17'],
  ])('%s is the result as well', async (_case, answer, body) => {
    answers = [answer];
    expect((await run()).result.body).toEqual(body);
  });

  test('of more than 64 KiB is in the bucket, whole', async () => {
    const body = { text: 'x'.repeat(100_000) };
    answers = [json(200, body)];
    const { data } = await call(client, 'start_call_api', {
      connection: 'crm',
      method: 'GET',
      path: '/large',
      wait_seconds: 50,
    });
    expect(data.status).toBe('completed');
    const url = await fileUrl(client, data.job_id, 'result.json');
    expect(await (await fetch(url)).json()).toMatchObject({ status: 200, body });
  });

  test('of more than 256 KiB fails the job, and says so', async () => {
    answers = [plain(200, 'x'.repeat(300 * 1024))];
    expect(await run()).toMatchObject({
      status: 'failed',
      error: {
        code: 'EXECUTION_STOPPED',
        message: expect.stringMatching(/256 KiB/),
        retryable: false,
        details: { cause: 'States.DataLimitExceeded' },
      },
    });
  });

  test('that is no text fails the job, and says so', async () => {
    answers = [(response) => response.writeHead(200, { 'content-type': 'image/png' }).end('png')];
    expect((await run()).error).toMatchObject({
      code: 'EXECUTION_STOPPED',
      message: expect.stringMatching(/not text/),
      retryable: false,
    });
  });

  test('that is a part of the whole is not taken for it', async () => {
    answers = [plain(206, 'half', { 'content-range': 'bytes 0-3/8' })];
    expect((await run()).error).toMatchObject({ code: 'API_RESPONSE_INVALID', details: { body: 'half' } });
  });

  test('that says it is JSON and is not is told of', async () => {
    answers = [(response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":')];
    expect((await run()).error).toMatchObject({
      code: 'API_RESPONSE_INVALID',
      message: 'The response of crm to GET /orders/17 is declared as JSON, but is not JSON.',
      details: { status: 200, body: '{"id":' },
    });
  });
});

describe('an API that takes its time', () => {
  test('is asked until the outcome is there, wherever its Location says, and nothing runs meanwhile', async () => {
    answers = [
      accepted({ location: 'https://crm.example.com/v2/reports/1?wait=no' }),
      // Long enough to be seen.
      accepted({ 'retry-after': '4' }),
      accepted({ location: '2' }),
      json(200, { rows: 3 }),
    ];
    const { data } = await call(client, 'start_call_api', {
      connection: 'crm',
      method: 'POST',
      path: '/reports',
      body: { of: 'orders' },
    });
    const told = new Set<string>();
    let ended: { status: string; message: string; result?: unknown };
    const check = { job_id: data.job_id, wait_seconds: 1, include: ['details'] };
    do {
      ({ data: ended } = await call(client, 'check_job', check));
      told.add(ended.message);
    } while (!/completed|failed/.test(ended.status));
    expect(ended).toMatchObject({ status: 'completed', result: { status: 200, body: { rows: 3 } } });
    expect(requests()).toEqual([
      'POST /v2/reports',
      'GET /v2/reports/1?wait=no',
      'GET /v2/reports/1?wait=no',
      'GET /v2/reports/2',
    ]);
    expect(seen[0]).toMatchObject({
      body: '{"of":"orders"}',
      headers: { 'content-type': 'application/json; charset=UTF-8' },
    });
    expect(seen[1]?.body).toBe('');
    expect([...told]).toContain('Waiting for crm: 1 poll so far, next in 4 s.');
    expect(await statesOf(data.job_id)).toEqual([
      ...['request', 'request_next', 'request_crm_body'],
      ...['request', 'request_next', 'request_crm_wait', 'request_crm'],
      ...['request', 'request_next', 'request_crm_wait', 'request_crm'],
      ...['request', 'request_next', 'request_crm_wait', 'request_crm'],
      ...['request', 'request_next', 'request_done'],
    ]);
  });

  test('may say in the body how far it is, where Operation-Location leads', async () => {
    const status = (text: string) => json(200, { status: text }, { 'retry-after': '1' });
    answers = [
      accepted({ 'operation-location': '/v2/operations/9', location: '/v2/reports/9' }),
      status('NotStarted'),
      status('Running'),
      json(200, { status: 'Succeeded', report: 9 }),
    ];
    expect(await run({ method: 'POST' })).toMatchObject({
      status: 'completed',
      result: { body: { status: 'Succeeded', report: 9 } },
    });
    expect(requests().slice(1)).toEqual(Array(3).fill('GET /v2/operations/9'));
  });

  test('and then says that it has failed, fails the job with what it says', async () => {
    answers = [
      accepted({ 'operation-location': '/v2/operations/9' }),
      json(200, { status: 'Failed', why: 'x' }),
    ];
    expect((await run({ method: 'POST' })).error).toMatchObject({
      code: 'API_CALL_FAILED',
      step: 'request',
      retryable: false,
      details: { status: 200, body: '{"status":"Failed","why":"x"}' },
    });
  });

  test.each([
    ['another host', 'https://evil.example/v2/reports', /is not below https:\/\/crm\.example\.com\/v2/],
    ['a longer host', 'https://crm.example.com.evil.example/v2/x', /is not below/],
    ['credentials', 'https://crm.example.com@evil.example/v2/x', /fragment or credentials/],
    ['another path', '/admin', /is not below/],
    ['a path beside the root', '/v2evil/x', /is not below/],
    ['a path that leads up', '/v2/%2e%2e/admin', /is not below/],
    ['one that leads up later', '/v2/%252e%252e/admin', /segment/],
    ['plain http', 'http://crm.example.com/v2/x', /is not below/],
    ['a file', 'file:///etc/passwd', /is not below/],
    ['nonsense', 'https://[', /is not a URL/],
  ])('is not followed to %s', async (_case, location, message) => {
    answers = [accepted({ location })];
    expect((await run()).error).toMatchObject({
      code: 'API_RESPONSE_INVALID',
      message: expect.stringMatching(message),
    });
    expect(seen).toHaveLength(1);
  });

  test('and does not say where, is told of', async () => {
    answers = [accepted({})];
    expect((await run()).error).toMatchObject({
      code: 'API_RESPONSE_INVALID',
      message: expect.stringMatching(/no Location/),
    });
  });

  test('is not asked again once the job is cancelled', async () => {
    answers = [accepted({ location: '/v2/reports/1' })];
    const asked = new Promise<void>((resolve) => {
      onRequest = () => {
        if (seen.length === 2) resolve();
      };
    });
    const { data } = await call(client, 'start_call_api', {
      connection: 'crm',
      method: 'POST',
      path: '/reports',
    });
    await asked;
    onRequest = () => {};
    const { data: cancelled } = await call(client, 'cancel_job', { job_id: data.job_id });
    expect(cancelled.status).toBe('cancelled');
    const count = seen.length;
    // Twice as long as it would have waited.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(seen.length).toBe(count);
  });
});

describe('a failure', () => {
  const busy = plain(503, 'busy', { 'retry-after': '1' });

  test.each([
    [429, 'GET'],
    [500, 'DELETE'],
    [503, 'PUT'],
  ])('%i is tried again for %s, until it passes', async (status, method) => {
    answers = [plain(status, 'no', { 'retry-after': '1' }), json(200, { ok: true })];
    const body = method === 'PUT' ? { body: { a: 1 } } : {};
    expect(await run({ method, ...body })).toMatchObject({
      status: 'completed',
      result: { body: { ok: true } },
    });
    expect(requests()).toEqual(Array(2).fill(`${method} /v2/orders/17`));
    expect(new Set(seen.map(({ body: sent }) => sent)).size).toBe(1);
  });

  test('is given up after three more, with what the API has said', async () => {
    answers = [busy];
    expect((await run()).error).toMatchObject({
      code: 'API_CALL_FAILED',
      message: 'crm responded with 503 to GET /orders/17. Read details.body for its response.',
      retryable: true,
      details: { status: 503, body: 'busy' },
    });
    expect(seen).toHaveLength(4);
  });

  test.each([
    ['POST', 503],
    ['PATCH', 500],
    ['POST', 429],
  ])('of a %s (%i) is not tried again: it may have been done', async (method, status) => {
    answers = [plain(status, 'no', { 'retry-after': '1' })];
    expect((await run({ method, body: { a: 1 } })).error).toMatchObject({
      code: 'API_CALL_FAILED',
      retryable: false,
    });
    expect(seen).toHaveLength(1);
  });

  test('while it is asked for the outcome of a POST is tried again', async () => {
    answers = [accepted({ location: '/v2/reports/1' }), busy, json(200, { rows: 1 })];
    expect(await run({ method: 'POST' })).toMatchObject({
      status: 'completed',
      result: { body: { rows: 1 } },
    });
  });

  test('400 is not tried again, and the first 2 KiB of what it says are told', async () => {
    answers = [plain(400, 'é'.repeat(2_000))];
    expect((await run()).error).toMatchObject({
      retryable: false,
      details: { status: 400, body: 'é'.repeat(1_024) },
    });
    expect(seen).toHaveLength(1);
  });

  test('of the connection is told without its address, after three more tries', async () => {
    const { error } = await run({ connection: 'ghost' });
    expect(error).toMatchObject({
      code: 'API_CALL_FAILED',
      message: 'ghost did not respond (States.Http.Socket) to GET /orders/17. Try again later.',
      retryable: true,
      details: { cause: 'States.Http.Socket' },
    });
  });

  test('redirects are not followed', async () => {
    answers = [plain(302, '', { location: 'https://evil.example/' })];
    expect((await run()).error).toMatchObject({ code: 'API_CALL_FAILED', details: { status: 302 } });
    expect(seen).toHaveLength(1);
  });
});

describe('it is refused', () => {
  test('of an API that is not allowed: those that are, are named', async () => {
    expect((await run({ connection: 'erp' })).error).toMatchObject({
      code: 'API_NOT_ALLOWED',
      message: expect.stringMatching(/"erp" is not allowed\. Allowed: crm, ghost\..*-c apiConnections/),
    });
  });

  test('of any, where the operator has allowed none', async () => {
    const input = callApi.input.parse({ connection: 'crm', method: 'GET', path: '/x' });
    const refused = requestStep({})({ input, apis: {} } as unknown as StepContext<typeof input>);
    await expect(refused).rejects.toThrow(/"crm" is not allowed\. No API is allowed\..*-c apiConnections/);
  });

  test('of the name of what every object has', async () => {
    expect((await run({ connection: 'constructor' })).error.code).toBe('API_NOT_ALLOWED');
  });

  test('of a body where there is none', async () => {
    expect((await run({ body: { a: 1 } })).error.code).toBe('INVALID_ARGUMENTS');
  });

  test.each([
    '//evil.example/x',
    '/a//b',
    'https://evil.example/',
    '@evil.example/',
    '.evil.example/',
    ':8443/x',
    '',
    '/../x',
    '/a/./b',
    '/a/..',
    '/%2e%2e/x',
    '/%2E./x',
    '/..%2fx',
    '/a%2f..%2fx',
    '/%252e%252e/x',
    '/%25252e./x',
    '/..;x/y',
    '/a\\..\\x',
    '/a%5c..%5cx',
    '/%ff%2e%2e/%2e%2e/x',
    '/a#b',
    '/a b',
    '/a\r\nx-evil: 1',
    '/a\0',
    '/ünicode',
    '/a%zz',
    '/a%',
    '/a{}',
    '/a?b=c#d',
    '/a?b=1&b=2',
    `/${'a'.repeat(2_048)}`,
  ])('of the path %j, before there is a job', async (path) => {
    const { data } = await call(client, 'start_call_api', { connection: 'crm', method: 'GET', path });
    expect(data.error).toMatchObject({
      code: 'INVALID_ARGUMENTS',
      message: expect.stringMatching(/path.* Expected: /s),
    });
  });

  test.each(['/users/@me', '/a%2Fb/c', "/it's(1)", '/a?next=https://x/../y', '/..a/b..'])(
    'but not of the path %j',
    async (path) => {
      answers = [json(200, {})];
      expect((await run({ path })).status).toBe('completed');
      expect(seen[0]?.url).toMatch(/^\/v2\//);
    },
  );

  test.each([{ headers: { 'x-evil': '1' } }, { method: 'TRACE' }, { method: 'GET\r\n' }, { body: 'text' }])(
    'with %j, before there is a job',
    async (wrong) => {
      const args = { connection: 'crm', method: 'POST', path: '/x', ...wrong };
      expect((await call(client, 'start_call_api', args)).data.error.code).toBe('INVALID_ARGUMENTS');
    },
  );
});

describe('the credentials', () => {
  test('are on each request, and nowhere else: in no table, no log, no execution and no answer', async () => {
    answers = [
      accepted({ location: '/v2/reports/1' }),
      plain(500, 'no', { 'retry-after': '1' }),
      json(200, { ok: 1 }),
    ];
    const job = await run({ method: 'POST', body: { a: 1 } });
    expect(seen.map(({ headers }) => headers['x-api-key'])).toEqual([SECRET, SECRET, SECRET]);
    const { dynamodb, sfn } = awsClients(cloud);
    const { template } = await readAssembly(assemblies.app);
    const records: unknown[] = [];
    for (const TableName of Object.keys(cloud.outputs).flatMap((name) =>
      /TableName$/.test(name) ? [cloud.outputs[name]] : [],
    )) {
      for await (const { Items = [] } of paginateScan({ client: dynamodb }, { TableName }))
        records.push(...Items);
    }
    const history = await sfn.send(new GetExecutionHistoryCommand({ executionArn: await arnOf(job.job_id) }));
    expect(records.length).toBeGreaterThan(10);
    const everywhere = JSON.stringify([records, log, history.events, job, template]);
    expect(everywhere).toContain(job.job_id);
    expect(everywhere).not.toContain(SECRET);
    dynamodb.destroy();
    sfn.destroy();
  });

  test('are used by the one machine, for what is below the roots, and each right of it is needed', () => {
    const role = cloud.permissions().find(({ role: name }) => name.startsWith('callapiRole'));
    const actions = [
      'InvokeHTTPEndpoint',
      'RetrieveConnectionCredentials',
      'DescribeSecret',
      'GetSecretValue',
    ];
    for (const action of actions) {
      expect(role?.used.map(({ action: used }) => used.split(':')[1])).toContain(action);
    }
    const others = cloud.permissions().filter(({ role: name }) => name !== role?.role);
    expect(JSON.stringify(others)).not.toMatch(/InvokeHTTPEndpoint|RetrieveConnectionCredentials|events!/);
  });
});

async function arnOf(jobId: string): Promise<string> {
  const name = await operationName(assemblies.app, 'call_api');
  return `arn:aws:states:us-east-1:000000000000:execution:${name}:${jobId}`;
}

async function statesOf(jobId: string): Promise<(string | undefined)[]> {
  const { sfn } = awsClients(cloud);
  const { events = [] } = await sfn.send(
    new GetExecutionHistoryCommand({ executionArn: await arnOf(jobId) }),
  );
  sfn.destroy();
  return events.map(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name);
}

describe('what the operator allows', () => {
  const read = (apiConnections: unknown) => readApis(new App({ context: { apiConnections } }).node);

  test('is nothing, or APIs by name', () => {
    expect(read(undefined)).toEqual([]);
    expect(read(`crm https://API.example.com/v2/ ${CRM}, ghost https://ghost.example.com ${GHOST}`)).toEqual([
      { name: 'crm', root: 'https://api.example.com/v2', connectionArn: CRM },
      { name: 'ghost', root: 'https://ghost.example.com', connectionArn: GHOST },
    ]);
  });

  test.each([
    ['crm', /"crm" is not a name, a URL and an ARN/],
    [`CRM https://api.example.com ${CRM}`, /"CRM" is not a name/],
    [`crm_1 https://api.example.com ${CRM}`, /"crm_1" is not a name/],
    [`crm http://api.example.com ${CRM}`, /is not an https URL/],
    [`crm api.example.com ${CRM}`, /is not an https URL/],
    [`crm https://u:p@api.example.com ${CRM}`, /credentials/],
    [`crm https://api.example.com?key=1 ${CRM}`, /query/],
    [`crm https://api.example.com/*/x ${CRM}`, /contains a reserved character/],
    [`crm https://api.example.com/it's ${CRM}`, /contains a reserved character/],
    ['crm https://api.example.com arn:aws:events:x', /is not the ARN of a connection/],
    [`crm https://a.example.com ${CRM}, crm https://b.example.com ${CRM}`, /"crm" is defined twice/],
  ])('and %j is refused with the remedy', (value, message) => {
    expect(() => read(value)).toThrow(message);
    expect(() => read(value)).toThrow(/-c apiConnections="crm https:/);
  });
});
