/** Tests how the console is served: anyone gets its files, and a browser lets them do nothing but call the API. */
import { randomUUID } from 'node:crypto';
import type { LocalCloud } from '../../local/cloud.ts';
import { apiClient } from '../support/openapi.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { call, connect } from '../support/test-cloud.ts';

let cloud: LocalCloud;
beforeAll(async () => {
  cloud = await sharedCloud();
});

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(new URL(path, cloud.url), { headers, redirect: 'manual' });

test.each([
  ['/console', 'text/html; charset=utf-8', '<div id="app">'],
  ['/console?code=1&state=2&session_state=3', 'text/html; charset=utf-8', '<div id="app">'],
  ['/console/app.js', 'text/javascript; charset=utf-8', ''],
  ['/console/app.css', 'text/css; charset=utf-8', ''],
])('%s is served as %s', async (path, type, part) => {
  const response = await get(path);
  const text = await response.text();
  expect(response.status).toBe(200);
  expect(text.length).toBeGreaterThan(100);
  expect(text).toContain(part);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': type,
    'cache-control': 'public, no-cache',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'content-security-policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  });
});

test('the page has no inline script and no inline style, which its policy forbids', async () => {
  const text = await (await get('/console')).text();
  expect(text).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/i);
});

test('a browser that has a file is not sent it again', async () => {
  const first = await get('/console/app.js');
  const etag = first.headers.get('etag') ?? '';
  await first.arrayBuffer();
  const second = await get('/console/app.js', { 'if-none-match': `W/${etag}` });
  expect([second.status, await second.text(), second.headers.get('etag')]).toEqual([304, '', etag]);
  const other = await get('/console/app.js', { 'if-none-match': '"other"' });
  expect(other.status).toBe(200);
});

test.each(['app.map', 'index.mjs', '..%2Findex.mjs', 'constructor'])(
  'the file %s does not exist',
  async (name) => {
    const response = await get(`/console/${name}`);
    expect([response.status, await response.json()]).toEqual([
      404,
      { error: expect.objectContaining({ code: 'RESOURCE_NOT_FOUND' }) },
    ]);
  },
);

test('an address with a slash at its end leads to the page, whose links are relative', async () => {
  const response = await get('/console/');
  expect([response.status, response.headers.get('location')]).toEqual([308, '../console']);
});

test('the page reads how to sign in', async () => {
  const response = await get('/console/config');
  expect([response.status, await response.json()]).toEqual([200, { mode: 'iam' }]);
});

test('the page reads the operations, and what a job was started with', async () => {
  const client = await connect(cloud, { owner: 'alice' });
  try {
    const api = apiClient(cloud, 'alice');
    const { data } = await api('GET /operations');
    expect(data.operations).toContainEqual(expect.objectContaining({ name: 'echo' }));
    const started = await call(client, 'start_echo', { text: 'hello' });
    const jobId = started.data.job_id;
    const input = await api(`GET /jobs/${jobId}/input`);
    expect([input.status, input.data.input]).toEqual([200, { text: 'hello' }]);
    for (const [caller, id] of [
      [apiClient(cloud, 'bob'), jobId],
      [api, randomUUID()],
      [api, 'no-id'],
    ] as const) {
      const foreign = await caller(`GET /jobs/${id}/input`);
      expect([foreign.status, foreign.data.error.code]).toEqual([404, 'JOB_NOT_FOUND']);
    }
  } finally {
    await client.close();
  }
});
