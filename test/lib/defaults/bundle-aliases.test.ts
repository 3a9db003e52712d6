/** Checks what bundles contain instead of parts of the AWS SDK and of Node.js that functions do not need. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { App, Stack } from 'aws-cdk-lib';
import { NodeFunction } from '../../../lib/defaults/node-function.ts';

const run = promisify(execFile);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bundle-aliases-'));
  await symlink(join(import.meta.dirname, '../../../node_modules'), join(directory, 'node_modules'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Bundles a module, and returns what its `handler` returns in a process of its own, or the message of its error. */
async function result(code: string, props: { readonly wholeSdk?: boolean } = {}): Promise<unknown> {
  const app = new App({ outdir: await mkdtemp(join(directory, 'out-')) });
  const entry = join(app.outdir, 'entry.ts');
  await writeFile(entry, code);
  new NodeFunction(new Stack(app, 'Stack'), 'Function', { entry, ...props });
  app.synth();
  const asset = (await readdir(app.outdir)).find((name) => name.startsWith('asset.')) ?? '';
  const script = `
    const { handler } = await import(${JSON.stringify(join(app.outdir, asset, 'index.mjs'))});
    const value = await Promise.try(handler).catch(({ message }) => message);
    process.stdout.write(JSON.stringify(value));`;
  const env = { PATH: process.env.PATH, AWS_REGION: 'eu-west-1', HOME: directory };
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { env });
  return JSON.parse(stdout);
}

const EVENT_STREAMS = `
  import { eventStreamSerdeProvider } from '@smithy/core/event-streams';
  export const handler = () => typeof eventStreamSerdeProvider({});`;
const ENDPOINT_CACHE = `
  import { EndpointCache } from '@aws-sdk/endpoint-cache';
  export const handler = () => typeof new EndpointCache(1).get('key');`;

test('a function of the engine that needs an event stream fails with the remedy', async () => {
  expect(await result(EVENT_STREAMS)).toBe(
    'This bundle has no event streams: set `wholeSdk` of its function to call operations that use them.',
  );
});

test('a function of the engine that discovers endpoints fails with the remedy', async () => {
  expect(await result(ENDPOINT_CACHE)).toBe(
    'This bundle discovers no endpoints: set `wholeSdk` of its function to call a service that needs it.',
  );
});

test('functions with code of operators have the whole SDK', async () => {
  expect(await result(EVENT_STREAMS, { wholeSdk: true })).toBe('object');
  expect(await result(ENDPOINT_CACHE, { wholeSdk: true })).toBe('undefined');
});

test.each([
  'import { request, STATUS_CODES } from "node:http";',
  'import http, { request, STATUS_CODES } from "http";',
])('an import of node:http loads no undici, until something needs it: %s', async (line) => {
  const code = `
      ${line}
      import * as all from 'node:http';
      const undici = () => process.moduleLoadList.includes('NativeModule internal/deps/undici/undici');
      export const handler = () =>
        [typeof request, STATUS_CODES[404], undici(), typeof all.WebSocket, undici()];`;
  expect(await result(code)).toEqual(['function', 'Not Found', false, 'function', true]);
});

test('a module that requires node:http gets the one of Node.js', async () => {
  await writeFile(join(directory, 'patch.cjs'), 'module.exports = () => (require("http").patched = true);');
  const code = `
    import patch from '../patch.cjs';
    export const handler = () => patch() && process.getBuiltinModule('node:http').patched;`;
  expect(await result(code)).toBe(true);
});

test('clients use the credentials of the environment, and nothing else', async () => {
  const code = (variables: object) => `
    import { SNSClient } from '@aws-sdk/client-sns';
    Object.assign(process.env, ${JSON.stringify(variables)});
    export const handler = () => new SNSClient().config.credentials();`;
  const variables = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'key', AWS_SESSION_TOKEN: 'token' };
  expect(await result(code(variables))).toMatchObject({
    accessKeyId: 'id',
    secretAccessKey: 'key',
    sessionToken: 'token',
  });
  const container = { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/' };
  expect(await result(code(container))).toMatch('Unable to find environment variable credentials');
});
