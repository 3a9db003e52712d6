/** Tests which handler gets a path that the gateway does not divide: that of `/{proxy+}`. */
import type { APIGatewayProxyEvent } from 'aws-lambda';
import type { RouteHandler } from '../../lambdas/api/dependencies.ts';
import { type RouteName, routes } from '../../lambdas/api/routes.ts';
import { serveRoutes } from '../../lambdas/api/serve-routes.ts';
import { callHandler } from '../support/call-handler.ts';

const PARAMETERS = ['job_id', 'endpoint_id', 'delivery_id', 'token', 'file'];
const UNKNOWN = {
  code: 'NOT_FOUND',
  message: 'This path or method does not exist. Check both.',
  retryable: false,
};

/** Each route responds with its name and the values of its parameters. */
const serve = serveRoutes(
  Object.fromEntries(
    routes.map(({ method, path }) => {
      const name = `${method} ${path}` as RouteName;
      const handler: RouteHandler = async (request) => ({
        status: 200,
        body: {
          route: name,
          values: PARAMETERS.map((one) => request.param(one)).filter((one) => one !== ''),
        },
      });
      return [name, handler];
    }),
  ),
);

async function ask(event: Partial<APIGatewayProxyEvent>, userArn?: string | null) {
  const { status, data } = await callHandler(
    serve,
    { resource: '/{proxy+}', path: '/base/path', ...event },
    userArn,
  );
  return { status, data };
}

const proxied = (httpMethod: string, proxy: string) => ask({ httpMethod, pathParameters: { proxy } });

const owners = routes.filter((route) => !('isPublic' in route) && !route.path.startsWith('/operator/'));

test.each(owners.map(({ method, path }) => [method, path] as const))(
  'the greedy path leads to %s %s',
  async (method, path) => {
    const values = [...path.matchAll(/\{\w+\}/g)].map((_, index) => `id-${index}`);
    const proxy = path.slice(1).replaceAll(/\{\w+\}/g, () => 'id-0');
    expect(await proxied(method, proxy)).toEqual({
      status: 200,
      data: { route: `${method} ${path}`, values },
    });
  },
);

test.each([
  ['jobs/', 'GET /jobs', []],
  ['jobs//7/', 'GET /jobs/{job_id}', ['7']],
  ['/jobs/7', 'GET /jobs/{job_id}', ['7']],
  ['jobs/7///log', 'GET /jobs/{job_id}/log', ['7']],
])('repeated and trailing slashes count as one or none: %s', async (proxy, route, values) => {
  expect((await proxied('GET', proxy)).data).toEqual({ route, values });
});

test.each([
  ['%2F', 'jobs/a%2Fcancel', ['a%2Fcancel']],
  ['a NUL', 'jobs/\0', ['\0']],
  ['%00', 'jobs/%00', ['%00']],
  ['a new line', 'jobs/a\nb', ['a\nb']],
  ['dots', 'jobs/..', ['..']],
  ['the name of the parameter', 'jobs/{job_id}', ['{job_id}']],
  ['a pattern of String.replace', "jobs/$'$&", ["$'$&"]],
  ['__proto__', 'jobs/__proto__', ['__proto__']],
  ['a name in full width', 'jobs/ｊｏｂ', ['ｊｏｂ']],
])('%s is a value of the parameter, and nothing else', async (_what, proxy, values) => {
  expect((await proxied('GET', proxy)).data).toEqual({ route: 'GET /jobs/{job_id}', values });
});

test.each([
  ['GET', ''],
  ['GET', '/'],
  ['GET', 'JOBS'],
  ['GET', 'jobs?x=1'],
  ['GET', 'jobs;x=1'],
  ['GET', '../jobs'],
  ['GET', './jobs'],
  ['GET', 'v1/jobs'],
  ['GET', 'jobs/7/log/8'],
  ['GET', 'constructor'],
  ['GET', '__proto__'],
  ['GET', 'jobs%2F7'],
  ['GET', '%6Aobs'],
  ['GET', 'jobs\\7'],
  ['GET', '{proxy+}'],
  ['GET', `${'x/'.repeat(4_000)}`],
  ['PUT', 'jobs'],
  ['POST', 'jobs'],
  ['DELETE', 'jobs/7'],
  ['OPTIONS', 'jobs'],
  ['HEAD', 'jobs'],
  ['get', 'jobs'],
  ['__proto__', 'jobs'],
])('%s %s is no route', async (method, proxy) => {
  expect(await proxied(method, proxy)).toEqual({ status: 404, data: { error: UNKNOWN } });
});

test('only an authenticated caller learns that a path does not exist', async () => {
  const { status, data } = await ask({ httpMethod: 'GET', pathParameters: { proxy: 'x' } }, null);
  expect([status, data.error.code]).toEqual([401, 'UNAUTHENTICATED']);
});

test('a missing path is no route, and no failure', async () => {
  for (const pathParameters of [null, {}]) {
    expect((await ask({ httpMethod: 'GET', pathParameters })).status).toBe(404);
  }
});

test('an update from version 0.2.0 leaves its resources in the deployed API: they lead to the same routes', async () => {
  const event = { httpMethod: 'POST', resource: '/jobs/{job_id}/cancel', pathParameters: { job_id: '7' } };
  expect((await ask(event)).data).toEqual({ route: 'POST /jobs/{job_id}/cancel', values: ['7'] });
});
