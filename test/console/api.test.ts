/** Tests how the console calls the API: tokens, renewals, unchanged responses and errors. */
import { jest } from '@jest/globals';
import { ApiError, createApi, type TokenSource } from '../../console/app/api.ts';
import { describeFailure } from '../../console/app/api-error.ts';

const BASE = 'https://jobs.example.com/v1/';
const respond = (...responses: Response[]) => {
  const fetched = jest.spyOn(globalThis, 'fetch');
  for (const response of responses) fetched.mockResolvedValueOnce(response);
  return fetched;
};
const json = (body: object, init: ResponseInit = {}) => Response.json(body, init);
const tokens = () => ({
  accessToken: jest.fn(async () => 'old'),
  renew: jest.fn(async (_refused: string) => 'new'),
  accepted: jest.fn(),
  refusal: jest.fn((token: string) => new Error(`refused ${token}`)),
});

afterEach(() => jest.restoreAllMocks());

test('a path is below the stage, and the token is sent', async () => {
  const fetched = respond(json({ jobs: [] }));
  await createApi(BASE, tokens() satisfies TokenSource).get('/jobs?limit=1');
  const [url, init] = fetched.mock.calls[0] ?? [];
  expect(String(url)).toBe('https://jobs.example.com/v1/jobs?limit=1');
  expect(init?.headers).toMatchObject({ authorization: 'Bearer old' });
});

test('an expired token in the middle is renewed once, and the request is sent again', async () => {
  const fetched = respond(json({}, { status: 401 }), json({ ok: true }));
  const source = tokens();
  expect(await createApi(BASE, source).post('/x', { a: 1 })).toEqual({ ok: true });
  expect(source.renew).toHaveBeenCalledWith('old', false);
  expect(fetched.mock.calls[1]?.[1]).toMatchObject({
    body: '{"a":1}',
    headers: { authorization: 'Bearer new' },
  });
  expect(source.accepted).toHaveBeenCalledTimes(1);
});

test('a renewed token that is refused too is not renewed again', async () => {
  const fetched = respond(json({}, { status: 401 }), json({}, { status: 401 }));
  await expect(createApi(BASE, tokens()).get('/jobs')).rejects.toThrow('refused new');
  expect(fetched).toHaveBeenCalledTimes(2);
});

test('an unchanged response is undefined, and a changed one has its tag', async () => {
  const fetched = respond(
    json({ v: 1 }, { headers: { etag: '"1.1"' } }),
    new Response(null, { status: 304 }),
  );
  const api = createApi(BASE);
  expect(await api.getChanged('/jobs/1', undefined)).toEqual({ body: { v: 1 }, etag: '"1.1"' });
  expect(await api.getChanged('/jobs/1', '"1.1"')).toBeUndefined();
  expect(fetched.mock.calls[1]?.[1]?.headers).toMatchObject({ 'if-none-match': '"1.1"' });
});

test('an error has the code, the remedy and the time to wait', async () => {
  respond(
    json(
      { error: { code: 'RESOURCE_EXHAUSTED', message: 'Wait.', retryable: true } },
      { status: 429, headers: { 'retry-after': '2' } },
    ),
    new Response('<html>', { status: 502 }),
  );
  const api = createApi(BASE);
  const limited = await api.get('/jobs').catch((error: unknown) => error);
  expect(limited).toBeInstanceOf(ApiError);
  expect(limited).toMatchObject({ status: 429, code: 'RESOURCE_EXHAUSTED', retryAfterMs: 2_000 });
  await expect(api.get('/jobs')).rejects.toMatchObject({ status: 502, code: 'UNREADABLE' });
});

test('a throttled request does not say that the API accepts the token', async () => {
  const source = tokens();
  respond(json({}, { status: 429 }), new Response(null, { status: 304 }));
  const api = createApi(BASE, source);
  await expect(api.get('/jobs')).rejects.toBeInstanceOf(ApiError);
  expect(source.accepted).not.toHaveBeenCalled();
  await api.getChanged('/jobs/1', '"1"');
  expect(source.accepted).toHaveBeenCalledTimes(1);
});

test('a failure of the sign-in is not described as one of the API', () => {
  const expired = Object.assign(new Error('Sign in again.'), { name: 'SignInNeeded' });
  expect(describeFailure(expired)).toEqual({ code: 'SIGN_IN_NEEDED', message: 'Sign in again.' });
  expect(describeFailure(new TypeError('Failed to fetch')).code).toBe('NO_RESPONSE');
});
