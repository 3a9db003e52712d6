/** Checks where requests that are signed by hand go: to the region's endpoint, or where the environment says. */
import { jest } from '@jest/globals';
import { BucketRequests } from '../../../lambdas/shared/aws/bucket-requests.ts';
import { signedFetch } from '../../../lambdas/shared/aws/signed-fetch.ts';

const BASE = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-west-1' };
const original = process.env;
const fetchMock = jest.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response());

afterEach(() => {
  process.env = original;
  fetchMock.mockClear();
});
afterAll(() => fetchMock.mockRestore());

/** Sends one request, and returns its URL. */
async function urlOf(
  variables: Readonly<Record<string, string>>,
  service: string,
  options: Parameters<typeof signedFetch>[1] = {},
): Promise<string> {
  process.env = { ...BASE, ...variables };
  await signedFetch(service, options)('/path', { method: 'POST' });
  return new Request(fetchMock.mock.calls[0]?.[0] ?? '').url;
}

const ALL = { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566/' };

test.each<[string, Parameters<typeof urlOf>, string]>([
  ["the region's endpoint", [{}, 'lambda'], 'https://lambda.eu-west-1.amazonaws.com/path'],
  [
    'a host of its own',
    [{}, 'states', { hostPrefix: 'sync-' }],
    'https://sync-states.eu-west-1.amazonaws.com/path',
  ],
  [
    'that of China',
    [{ AWS_REGION: 'cn-north-1' }, 'lambda'],
    'https://lambda.cn-north-1.amazonaws.com.cn/path',
  ],
  ['the endpoint of all services', [ALL, 'secretsmanager'], 'http://127.0.0.1:4566/path'],
  [
    'the endpoint of the service',
    [{ ...ALL, AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:1' }, 'secretsmanager'],
    'http://127.0.0.1:1/path',
  ],
  ['one that is not empty', [{ ...ALL, AWS_ENDPOINT_URL_SFN: '' }, 'states'], 'http://127.0.0.1:4566/path'],
  [
    'AWS when endpoints are ignored',
    [{ ...ALL, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' }, 'lambda'],
    'https://lambda.eu-west-1.amazonaws.com/path',
  ],
])('a request goes to %s', async (_where, given, url) => {
  expect(await urlOf(...given)).toBe(url);
});

test('a request continues the X-Ray trace of the invocation', async () => {
  const trace = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';
  await urlOf({ _X_AMZN_TRACE_ID: trace }, 'lambda');
  const { headers } = new Request(fetchMock.mock.calls[0]?.[0] ?? '');
  expect(headers.get('x-amzn-trace-id')).toBe(trace);
  // A proxy may change it.
  expect(headers.get('authorization')).not.toContain('x-amzn-trace-id');
});

test.each([
  [{}, 'https://files.s3.eu-west-1.amazonaws.com/a%20b/c?'],
  [{ AWS_REGION: 'cn-north-1' }, 'https://files.s3.cn-north-1.amazonaws.com.cn/a%20b/c?'],
  [ALL, 'http://127.0.0.1:4566/files/a%20b/c?'],
  [{ ...ALL, AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:2' }, 'http://127.0.0.1:2/files/a%20b/c?'],
])('with %j a presigned URL begins with %s', async (variables, start) => {
  process.env = { ...BASE, ...variables };
  const url = await new BucketRequests('files').presign({ method: 'GET', key: 'a b/c', seconds: 60 });
  expect(url.startsWith(start)).toBe(true);
});
