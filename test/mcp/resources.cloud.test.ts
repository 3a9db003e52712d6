/** Results and logs as resources: whole, in part, and only their owner's. */
import { randomUUID } from 'node:crypto';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Client } from '@modelcontextprotocol/client';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as Transport1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { LocalCloud } from '../../local/cloud.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { awsClients, call, connect } from '../support/test-cloud.ts';

let cloud: LocalCloud;
let client: Client;
let s3: S3Client;
/** Of a job whose step has printed one line, and failed. */
let jobId: string;
/** Of a job whose result is larger than 64 KiB. */
let largeId: string;

const LINE = 'ä€😀 and so on\n';
const TIMES = 9_000;

beforeAll(async () => {
  cloud = await sharedCloud();
  client = await connect(cloud, { owner: 'ada' });
  ({ s3 } = awsClients(cloud));
  const ofStep = await call(client, 'start_probe', { behaviour: 'fail', wait_seconds: 20 });
  jobId = ofStep.data.job_id;
  const large = await call(client, 'start_probe', { behaviour: 'large_result', wait_seconds: 20 });
  largeId = large.data.job_id;
});
afterAll(async () => {
  s3.destroy();
  await client.close();
});

async function read(uri: string, by: Pick<Client, 'readResource'> = client) {
  const { contents } = await by.readResource({ uri });
  return contents.map((each) => ({ ...each, text: 'text' in each ? each.text : '' }));
}

const refusal = (uri: string, by = client) =>
  read(uri, by).then(
    () => undefined,
    ({ code, message, data }) => ({ code, message, data }),
  );

/** The id of a job that has printed that, so many times. */
async function printed(text: string, times: number): Promise<string> {
  const { data } = await call(client, 'start_confined', {
    behaviour: 'print',
    text,
    times,
    wait_seconds: 20,
  });
  return data.job_id;
}

test.each(['auto', 'legacy'] as const)(
  'client 2.x, %s: lists, and reads a result and a log',
  async (mode) => {
    const mine = await connect(cloud, { owner: 'ada', mode });
    const { resources } = await mine.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual(
      expect.arrayContaining([`job://${jobId}/log`, `job://${largeId}/result`, `job://${largeId}/log`]),
    );
    expect(resources.map(({ uri }) => uri)).not.toContain(`job://${jobId}/result`);
    const { resourceTemplates } = await mine.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([
      'job://{job_id}/result{?offset,length}',
      'job://{job_id}/log{?offset,length,tail}',
      'job://{job_id}/log/{step}{?offset,length,tail}',
    ]);
    expect(await read(`job://${jobId}/log/act`, mine)).toEqual([
      { uri: `job://${jobId}/log/act`, mimeType: 'text/plain', text: 'attempt 0\n' },
    ]);
    await mine.close();
  },
);

test('client 1.x reads them as well', async () => {
  const one = new Client1({ name: 'test', version: '1.0.0' });
  await one.connect(new Transport1(new URL('/mcp', cloud.url)));
  const { structuredContent } = await one.callTool({
    name: 'start_echo',
    arguments: { text: 'x', wait_seconds: 30 },
  });
  const { job_id } = structuredContent as { job_id: string };
  const { contents } = await one.readResource({ uri: `job://${job_id}/result` });
  expect(contents).toEqual([
    { uri: `job://${job_id}/result`, mimeType: 'application/json', text: '{"text":"x"}' },
  ]);
  await one.close();
});

test('a large result is read a range at a time, and says where it goes on', async () => {
  const [first, note] = await read(`job://${largeId}/result`);
  expect(first?.text).toHaveLength(64 * 1024);
  expect(note).toMatchObject({
    uri: `job://${largeId}/result?offset=65536`,
    text: expect.stringContaining('to byte 1000'),
  });
  const [second, ...none] = await read(note?.uri ?? '');
  expect(none).toEqual([]);
  expect(JSON.parse(`${first?.text}${second?.text}`)).toMatchObject({ padding: 'x'.repeat(100_000) });
  const [part] = await read(`job://${largeId}/result?offset=2&length=7`);
  expect(part?.text).toBe('attempt');
});

test('the ranges of a log make up the whole, though characters lie across their borders', async () => {
  const id = await printed(LINE, TIMES);
  let uri = `job://${id}/log/act`;
  let text = '';
  for (let index = 0; uri !== '' && index < 20; index += 1) {
    const [content, more] = await read(uri);
    text += content?.text;
    uri = more?.uri ?? '';
  }
  expect(text).toBe(LINE.repeat(TIMES));
  // A length that cuts every kind of character.
  for (const length of [1, 2, 3, 4, 5, 6, 7, 8, 9]) {
    const [content] = await read(`job://${id}/log/act?length=${length}`);
    expect('ä€😀'.startsWith(content?.text.replace(/�+$/, '') ?? '-')).toBe(true);
  }
});

test('tail is in lines, and the log of all steps names each', async () => {
  const id = await printed(LINE, TIMES);
  const [tail] = await read(`job://${id}/log?tail=3`);
  expect(tail?.text).toBe(LINE.repeat(3));
  // More lines than one read can hold: whole ones, and a word about the others.
  const [most, earlier] = await read(`job://${id}/log/act?tail=${TIMES}`);
  const shown = most?.text.split('\n').slice(0, -1) ?? [];
  expect(new Set(shown)).toEqual(new Set([LINE.trimEnd()]));
  expect(shown.length).toBeLessThan(TIMES);
  expect(earlier).toMatchObject({
    uri: `job://${id}/log/act`,
    text: expect.stringContaining('earlier lines'),
  });
  const [start] = await read(`job://${id}/log?length=30`);
  expect(start?.text).toMatch(/^== act ==\nä€😀 and/);
});

test("what is somebody else's, unknown, malformed, or not there yet, is answered alike", async () => {
  const other = await connect(cloud, { owner: 'bob' });
  const { data } = await call(client, 'start_probe', { behaviour: 'wait' });
  const uris: [string, Client][] = [
    [`job://${jobId}/log`, other],
    [`job://${largeId}/result`, other],
    [`job://${randomUUID()}/log`, client],
    ['job://nothing/log', client],
    [`job://${jobId}/result`, client],
    [`job://${jobId}/log/no_step`, client],
    [`job://${jobId}/log/constructor`, client],
    [`job://${jobId}/secrets`, client],
    [`job://${data.job_id}/log`, client],
    [`job://${jobId}/log/../result`, client],
    ['file:///etc/passwd', client],
  ];
  for (const [uri, by] of uris) {
    expect([uri, await refusal(uri, by)]).toMatchObject([
      uri,
      {
        code: -32602,
        data: { code: 'RESOURCE_NOT_FOUND' },
        message: expect.stringContaining('No resource "'),
      },
    ]);
  }
  expect((await other.listResources()).resources).toEqual([]);
  await call(client, 'cancel_job', { job_id: data.job_id });
  await other.close();
});

test.each([
  ['result?tail=1', 'INVALID_ARGUMENTS'],
  ['result?offset=-1', 'INVALID_ARGUMENTS'],
  ['result?offset=x', 'INVALID_ARGUMENTS'],
  ['result?length=0', 'INVALID_ARGUMENTS'],
  ['result?length=65537', 'INVALID_ARGUMENTS'],
  ['result?page=2', 'INVALID_ARGUMENTS'],
  ['log?tail=0', 'INVALID_ARGUMENTS'],
  ['log?tail=1&offset=1', 'INVALID_ARGUMENTS'],
  ['result?offset=1000000', 'RANGE_INVALID'],
])('the range %s is refused: %s', async (range, code) => {
  expect(await refusal(`job://${largeId}/${range}`)).toMatchObject({ code: -32602, data: { code } });
});

test('a cursor that is none is refused', async () => {
  await expect(client.listResources({ cursor: 'x' })).rejects.toMatchObject({ code: -32602 });
});

test('a log of another encoding is shown as far as it is text', async () => {
  const id = await printed('abc\n', 1);
  const Key = `logs/${id}/act.log`;
  const Body = Buffer.from([0x61, 0xff, 0x62, 0x0a]);
  await s3.send(new PutObjectCommand({ Bucket: cloud.outputs.WorkspaceBucketName, Key, Body }));
  expect((await read(`job://${id}/log/act`))[0]?.text).toBe('a�b\n');
});
