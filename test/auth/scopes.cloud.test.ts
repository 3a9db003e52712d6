/** Tests scopes, the isolation of owners, and hostile requests, all through the gateway. */
import { connect as connectSocket } from 'node:net';
import { text } from 'node:stream/consumers';
import { routes } from '../../lambdas/api/routes.ts';
import { Scope, SENDING_SCOPES, scopes } from '../../lambdas/shared/caller.ts';
import type { LocalCloud } from '../../local/cloud.ts';
import { openapi } from '../support/openapi.ts';
import { TestIssuer } from '../support/test-issuer.ts';
import { startTokenCloud } from '../support/token-cloud.ts';

const RECEIVER = 'http://127.0.0.1:9/hook';
const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const NO_JOB = '00000000-0000-4000-8000-000000000000';
const logs: string[] = [];
let issuer: TestIssuer;
let cloud: LocalCloud;

beforeAll(async () => {
  issuer = await TestIssuer.start();
  cloud = await startTokenCloud(issuer.url, {
    allowLoopbackWebhooks: true,
    context: { tenantClaim: 'org', operatorValue: 'ada' },
    onLog: (_name, line) => logs.push(line),
  });
  issuer.audience = `${cloud.url}/mcp`;
});
afterAll(async () => {
  await cloud.close();
  await issuer.close();
});

const tokenFor = (scope: string, claims: object = {}) => issuer.token({ claims: { scope, ...claims } });
const ALL = scopes.join(' ');
const SENDING = SENDING_SCOPES.join(' ');
const allBut = (scope: Scope) => scopes.filter((each) => each !== scope).join(' ');

/** Sends one request of protocol version 2026-07-28 to the MCP endpoint. */
async function rpc(token: string, method: string, params: object = {}, headers: object = {}) {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const name = 'name' in params ? { 'mcp-name': String(params.name) } : {};
  const response = await fetch(`${cloud.url}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(method === 'tools/call' && name),
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: responses are checked field by field
  return { status: response.status, ...((await response.json()) as any) };
}

async function tool(token: string, name: string, args: object = {}) {
  const { result, error, status } = await rpc(token, 'tools/call', { name, arguments: args });
  return { status, error, data: result?.structuredContent, isError: result?.isError };
}

async function api(token: string, method: string, path: string, body?: object) {
  const response = await fetch(`${cloud.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    body: body && JSON.stringify(body),
  });
  const content = await response.text();
  return { status: response.status, headers: response.headers, data: content && JSON.parse(content) };
}

const TOPIC = { name: 'job.completed', arguments: {} };
const SUBSCRIPTION = { ...TOPIC, delivery: { mode: 'webhook', url: RECEIVER, secret: SECRET } };

describe('a token without the scope', () => {
  test.each<[Scope, string, object]>([
    [Scope.jobsRead, 'check_job', { job_id: NO_JOB }],
    [Scope.jobsRead, 'list_jobs', {}],
    [Scope.jobsRead, 'list_deliveries', { job_id: NO_JOB }],
    [Scope.jobsRead, 'nap', { ms: 0 }],
    [Scope.jobsWrite, 'quote', { product: 'tea' }],
    [Scope.jobsWrite, 'start_echo', { text: 'x' }],
    [Scope.jobsWrite, 'cancel_job', { job_id: NO_JOB }],
    [Scope.webhooksManage, 'start_echo', { text: 'x', callback_url: RECEIVER }],
    [Scope.jobsRead, 'start_echo', { text: 'x', callback_url: RECEIVER }],
  ])('%s cannot call %s %o', async (scope, name, args) => {
    const { data, isError } = await tool(await tokenFor(allBut(scope)), name, args);
    expect([isError, data.error]).toEqual([
      true,
      {
        code: 'INSUFFICIENT_SCOPE',
        message: expect.stringContaining(scope),
        retryable: false,
        details: { scope },
      },
    ]);
    const allowed = await tool(await tokenFor('callback_url' in args ? ALL : scope), name, args);
    expect(allowed.data.error?.code).not.toBe('INSUFFICIENT_SCOPE');
  });

  test.each<[Scope, string, object, string]>([
    [Scope.jobsRead, 'events/list', {}, Scope.jobsRead],
    [Scope.jobsRead, 'events/poll', TOPIC, Scope.jobsRead],
    [Scope.webhooksManage, 'events/subscribe', SUBSCRIPTION, SENDING],
    [Scope.jobsRead, 'events/subscribe', SUBSCRIPTION, SENDING],
    [Scope.webhooksManage, 'events/unsubscribe', SUBSCRIPTION, Scope.webhooksManage],
  ])('%s cannot call %s', async (scope, method, params, enough) => {
    const { error } = await rpc(await tokenFor(allBut(scope)), method, params);
    expect(error).toMatchObject({ code: -32024, message: expect.stringContaining(scope), data: { scope } });
    const allowed = await rpc(await tokenFor(enough), method, params);
    expect(allowed.error?.code).not.toBe(-32024);
  });

  test.each(
    routes.flatMap((route) =>
      'scopes' in route
        ? route.scopes.map((scope) => [scope, route.method, route.path, route.scopes.join(' ')] as const)
        : [],
    ),
  )('%s cannot call %s %s', async (scope, method, path, enough) => {
    const target = path.replaceAll(/\{\w+\}/g, 'x');
    const refused = await api(await tokenFor(allBut(scope)), method, target);
    expect([refused.status, refused.data.error]).toEqual([
      403,
      expect.objectContaining({ code: 'INSUFFICIENT_SCOPE', details: { scope } }),
    ]);
    expect((await api(await tokenFor(enough), method, target)).status).not.toBe(403);
  });

  test('jobs:write gets no upload URL for the file that a job waits for', async () => {
    const { data: job } = await tool(await tokenFor(ALL), 'start_take', { wait_seconds: 20 });
    const awaited = (answer: typeof job) => answer.input_requests.file.upload;
    expect(awaited(job).url).toMatch(/^http/);
    const reader = await tokenFor(Scope.jobsRead);
    const { data } = await tool(reader, 'check_job', { job_id: job.job_id });
    const shown = { method: 'PUT', max_bytes: 1_000 };
    expect([data.status, awaited(data)]).toEqual(['input_required', shown]);
    expect(awaited((await api(reader, 'GET', `/jobs/${job.job_id}`)).data)).toEqual(shown);
  });

  test('starts no job with a callback_url', async () => {
    const token = await tokenFor(allBut(Scope.webhooksManage), { sub: 'careful' });
    await tool(token, 'start_echo', { text: 'x', callback_url: RECEIVER });
    expect((await tool(token, 'list_jobs')).data.jobs).toEqual([]);
  });

  test('gets an error that names all missing scopes', async () => {
    const { data } = await api(await tokenFor(Scope.jobsWrite), 'POST', '/endpoints', { url: RECEIVER });
    expect(data.error).toMatchObject({
      message:
        'The access token lacks the scope webhooks:manage and the scope jobs:read. Authorize again and request it.',
      details: { scope: SENDING },
    });
  });
});

describe('an answer link', () => {
  const links = async (token: string, method: string, path: string, body: object) => {
    const { data } = await api(token, method, path, body);
    return { id: (data.endpoint ?? data).endpoint_id, links: (data.endpoint ?? data).answer_links };
  };

  test('goes to no URL of a token that may not answer, whether set at first or later', async () => {
    const [both, manager] = [await tokenFor(ALL), await tokenFor(SENDING)];
    const byManager = await links(manager, 'POST', '/endpoints', { url: RECEIVER });
    expect(byManager.links).toBe(false);
    const { id, links: byBoth } = await links(both, 'POST', '/endpoints', { url: RECEIVER });
    expect(byBoth).toBe(true);
    const path = `/endpoints/${id}`;
    expect((await links(manager, 'PATCH', path, { description: 'x' })).links).toBe(true);
    expect((await links(manager, 'PATCH', path, { url: `${RECEIVER}2` })).links).toBe(false);
    expect((await links(both, 'PATCH', path, { description: 'y' })).links).toBe(false);
    expect((await links(both, 'PATCH', path, { url: `${RECEIVER}2` })).links).toBe(true);
    for (const each of [byManager.id, id]) await api(both, 'DELETE', `/endpoints/${each}`);
  });

  test('is readable without a token, and with an invalid one', async () => {
    for (const headers of [{}, { authorization: 'Bearer nonsense' }]) {
      const response = await fetch(`${cloud.url}/answers/x`, { headers });
      expect([response.status, await response.json()]).toMatchObject([
        404,
        { error: { code: 'ANSWER_LINK_INVALID' } },
      ]);
    }
  });
});

test('the scopes in the API document match the routes', () => {
  for (const route of routes) {
    const { security } = openapi.paths[route.path][route.method.toLowerCase()];
    expect(security).toEqual('scopes' in route ? [{ oauth2: [...route.scopes] }, { sigv4: [] }] : []);
  }
});

test('scopes may be a list, and match only as whole words', async () => {
  const list = await tokenFor('', { scope: undefined, scp: ['jobs:read', 'other'] });
  expect((await tool(list, 'list_jobs')).data.jobs).toBeDefined();
  for (const scope of [
    'jobs:rea',
    'jobs:read2',
    'JOBS:READ',
    'xjobs:read',
    'jobs:read,jobs:write',
    '*',
    'jobs:*',
  ]) {
    expect((await api(await tokenFor(scope), 'GET', '/jobs')).status).toBe(403);
  }
});

/** Valid bodies for the routes, so that only the owner is wrong. */
const GOOD_BODIES: Record<string, object> = {
  'POST /jobs/{job_id}/answers': { answers: { approve: { action: 'decline' } } },
  'PATCH /endpoints/{endpoint_id}': { enabled: false },
  'POST /endpoints/{endpoint_id}/replay': { since: '2026-01-01T00:00:00Z' },
};

describe("another owner's", () => {
  let mine: string;
  let theirs: string;
  let jobId: string;
  let endpointId: string;

  beforeAll(async () => {
    mine = await tokenFor(ALL, { sub: 'ada' });
    theirs = await tokenFor(ALL, { sub: 'eve' });
    jobId = (await tool(mine, 'start_echo', { text: 'mine', wait_seconds: 20 })).data.job_id;
    endpointId = (await api(mine, 'POST', '/endpoints', { url: RECEIVER })).data.endpoint.endpoint_id;
  });

  test.each(['check_job', 'cancel_job'])('job is not found by %s', async (name) => {
    const hidden = await tool(theirs, name, { job_id: jobId });
    const unknown = await tool(theirs, name, { job_id: NO_JOB });
    expect(hidden.data.error.code).toBe('JOB_NOT_FOUND');
    expect(hidden.data).toEqual(unknown.data);
    expect((await tool(mine, 'check_job', { job_id: jobId })).data.status).toBe('completed');
  });

  test('jobs and deliveries are not listed', async () => {
    expect((await tool(theirs, 'list_jobs')).data.jobs).toEqual([]);
    expect((await tool(theirs, 'list_deliveries', { job_id: jobId })).data.deliveries).toEqual([]);
    expect((await api(theirs, 'GET', '/jobs')).data.jobs).toEqual([]);
    expect((await api(theirs, 'GET', '/endpoints')).data.endpoints).toEqual([]);
  });

  // Public routes have no owner: the token in the path of an answer link defines its use.
  test.each(
    routes.flatMap((route) =>
      'scopes' in route && route.path.includes('{') && !route.path.startsWith('/operator/')
        ? [[route.method, route.path] as const]
        : [],
    ),
  )('%s %s is not there', async (method, path) => {
    const target = path
      .replace('{job_id}', jobId)
      .replace('{endpoint_id}', endpointId)
      .replace('{delivery_id}', `${jobId}.0000000000003.${endpointId}`);
    const body = GOOD_BODIES[`${method} ${path}`];
    const response = await api(theirs, method, target, body);
    expect([response.status, response.data.error.code]).toEqual([404, expect.stringMatching(/_NOT_FOUND$/)]);
  });

  test('idempotency key is free', async () => {
    const args = { text: 'x', idempotency_key: 'k' };
    const [a, b] = [await tool(mine, 'start_echo', args), await tool(theirs, 'start_echo', args)];
    expect(a.data.job_id).not.toBe(b.data.job_id);
  });

  test('cursor reveals none of their jobs', async () => {
    await tool(mine, 'start_echo', { text: 'second', wait_seconds: 20 });
    const { next_cursor } = (await tool(mine, 'list_jobs', { limit: 1 })).data;
    const result = await tool(theirs, 'list_jobs', { cursor: next_cursor });
    expect(JSON.stringify(result.data)).not.toContain(jobId);
  });

  test('job sends no events to other pollers, and nobody else can end their subscription', async () => {
    const topic = { name: 'job.completed', arguments: { job_id: jobId } };
    const { result } = await rpc(theirs, 'events/poll', topic);
    expect(result.events).toEqual([]);
    const again = await rpc(theirs, 'events/poll', { ...topic, cursor: result.cursor });
    expect(again.result.events).toEqual([]);
    const ended = await rpc(theirs, 'events/unsubscribe', SUBSCRIPTION);
    expect(ended.error).toMatchObject({ code: -32023 });
  });
});

describe('owners', () => {
  const ownJobs = async (claims: object) => {
    const { data } = await tool(await tokenFor(ALL, claims), 'list_jobs');
    return data.jobs.length;
  };

  test('are users, by issuer and subject, with any client', async () => {
    await tool(await tokenFor(ALL, { sub: 'uma', client_id: 'one' }), 'start_echo', { text: 'x' });
    expect(await ownJobs({ sub: 'uma', client_id: 'two' })).toBe(1);
    expect(await ownJobs({ sub: 'UMA' })).toBe(0);
    expect(await ownJobs({ sub: 'uma ' })).toBe(0);
  });

  test('are programs, and no user can pose as one', async () => {
    await tool(await tokenFor(ALL, { sub: 'robot', client_id: 'robot' }), 'start_echo', { text: 'x' });
    expect(await ownJobs({ sub: undefined, client_id: 'robot' })).toBe(1);
    expect(await ownJobs({ sub: 'robot', client_id: 'test-client' })).toBe(0);
  });

  test('are tenants, when the token has the claim', async () => {
    await tool(await tokenFor(ALL, { sub: 'tom', org: 'acme' }), 'start_echo', { text: 'x' });
    expect(await ownJobs({ sub: 'tina', org: 'acme' })).toBe(1);
    expect(await ownJobs({ sub: 'tina', org: 'other' })).toBe(0);
    expect(await ownJobs({ sub: 'tom' })).toBe(0);
    expect(await ownJobs({ sub: 'acme' })).toBe(0);
    for (const org of ['', ['acme'], { a: 1 }, 7, null, 'a\nb']) {
      expect((await api(await tokenFor(ALL, { org }), 'GET', '/jobs')).status).toBe(401);
    }
  });
});

describe('a hostile request', () => {
  let token: string;
  let adasJobs: number;
  beforeAll(async () => {
    token = await tokenFor(ALL, { sub: 'mallory' });
    adasJobs = (await tool(await tokenFor(ALL, { sub: 'ada' }), 'list_jobs')).data.jobs.length;
  });
  const post = (body: string, headers: object = {}) =>
    fetch(`${cloud.url}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        ...headers,
      },
      body,
    });
  const calling = (args: string) =>
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"start_echo","arguments":${args}}}`;
  const isWell = async () => expect((await tool(token, 'list_jobs')).data.jobs).toBeDefined();

  test.each(['https://evil.example', 'null', 'http://127.0.0.1.evil.example'])(
    'of the page %s is forbidden',
    async (Origin) => {
      expect((await post(calling('{}'), { Origin })).status).toBe(403);
    },
  );

  test.each([
    ['of 5 MB', `{"text":"${'x'.repeat(5_000_000)}"}`],
    ['of 11 MB', `{"text":"${'x'.repeat(11_000_000)}"}`],
    ['of 100,000 lists in lists', `{"text":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['of 100,000 objects in objects', `{"text":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`],
    ['that is cut off', '{"text":'],
    [
      'of 100,000 arguments',
      JSON.stringify(Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, 1]))),
    ],
  ])('%s is refused, and nothing else is held up', async (_what, args) => {
    const startedAt = Date.now();
    const response = await post(calling(args));
    const body = await response.text();
    expect(response.status).toBeLessThan(500);
    expect(response.status >= 400 || body.includes('INVALID_ARGUMENTS')).toBe(true);
    expect(body.length).toBeLessThan(20_000);
    expect(Date.now() - startedAt).toBeLessThan(5_000);
    await isWell();
  });

  test.each([
    '{"text":"x","__proto__":{"owner":"ada"}}',
    '{"__proto__":{"text":"x"}}',
    '{"text":"x","constructor":{"prototype":{"scopes":["jobs:read"]}}}',
    '{"text":{"__proto__":{"toString":"x"}}}',
  ])('cannot change what objects are: %s', async (args) => {
    // Refused, or accepted without the unknown properties.
    expect((await post(calling(args))).status).toBe(200);
    expect((await tool(await tokenFor(Scope.jobsWrite), 'list_jobs')).data.error.code).toBe(
      'INSUFFICIENT_SCOPE',
    );
    expect((await tool(await tokenFor(ALL, { sub: 'ada' }), 'list_jobs')).data.jobs).toHaveLength(adasJobs);
    await isWell();
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'finds no tool, method or event in %s',
    async (name) => {
      expect((await rpc(token, 'tools/call', { name, arguments: {} })).error.code).toBe(-32602);
      expect((await rpc(token, name)).error).toBeDefined();
      expect((await rpc(token, 'events/poll', { name })).error.code).toBe(-32023);
      expect((await api(token, 'GET', `/jobs/${name}`)).status).toBe(404);
    },
  );

  test('with NUL and lone surrogates gets a printable response', async () => {
    for (const odd of ['\u0000', 'a\u0000b', '\ud800', 'a\udfff', '\u202e']) {
      for (const args of [{ text: odd }, { text: 'x', idempotency_key: odd }]) {
        const { status, data, error } = await tool(token, 'start_echo', args);
        expect([status, error]).toEqual([200, undefined]);
        expect(data.error?.code ?? data.status).toMatch(/^(pending|running|completed|INVALID_ARGUMENTS)$/);
      }
      for (const name of ['check_job', 'cancel_job'] as const) {
        expect((await tool(token, name, { job_id: odd })).data.error.code).toBe('JOB_NOT_FOUND');
      }
      expect((await api(token, 'GET', `/jobs/${encodeURIComponent(odd.toWellFormed())}`)).status).toBe(404);
      expect((await tool(token, 'list_jobs', { cursor: odd })).data.error.code).toBe('INVALID_CURSOR');
    }
  });

  test('cannot inject headers into a response', async () => {
    const evil = '%0d%0aX-Evil:%201%0d%0a';
    for (const path of [
      `/jobs/${evil}`,
      `/jobs?cursor=${evil}`,
      `/${evil}`,
      `/.well-known/oauth-protected-resource/${evil}`,
    ]) {
      const { headers } = await api(token, 'GET', path);
      expect(headers.has('x-evil')).toBe(false);
    }
    const { result, error } = await rpc(
      token,
      'tools/call',
      { name: 'a\r\nX-Evil: 1', arguments: {} },
      { 'mcp-name': 'a' },
    );
    expect(result).toBeUndefined();
    expect(error).toBeDefined();
  });

  test('that smuggles a second request is rejected', async () => {
    const { port } = new URL(cloud.url);
    const socket = connectSocket(Number(port), '127.0.0.1');
    const response = text(socket);
    socket.end(
      `GET /jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /jobs HTTP/1.1\r\n\r\n`,
    );
    expect(await response).toMatch(/^HTTP\/1.1 400 /);
  });

  test('cannot inject lines into a log', async () => {
    const forged = 'forged-7f3a {"level":"error"}';
    const name = `x\n${forged}`;
    await rpc(token, 'tools/call', { name, arguments: {} }, { 'mcp-name': 'x' });
    await rpc(token, name.replace('\n', '\\n'));
    await tool(token, 'check_job', { job_id: name });
    await tool(token, 'start_echo', { text: name });
    await api(token, 'GET', `/jobs/${encodeURIComponent(name)}`);
    await api(await tokenFor(ALL, { sub: name }), 'GET', '/jobs');
    await api(token, 'POST', '/endpoints', { url: name });
    expect(logs.filter((line) => line.startsWith('forged-7f3a'))).toEqual([]);
  });
});
