/** Runs API Gateway: routes a request to its function, returns the response, and sends AWS's errors. */
import type { ServerResponse } from 'node:http';
import { type LambdaFunction, MAX_PAYLOAD_BYTES } from '../lambda/functions.ts';
import { type Handler, readBody } from '../shared/loopback-server.ts';
import type { TemplateResource } from '../template/assembly.ts';
import type { Resolve } from '../template/intrinsics.ts';
import { type LambdaProxy, matchRoute, readRoutes } from './api-routes.ts';
import { readAuthorizers } from './authorizers.ts';
import { type GatewayResponseType, readGatewayResponses } from './gateway-responses.ts';
import { proxyEvent } from './proxy-event.ts';
import { writeBuffered, writeStreamed } from './proxy-response.ts';
import type { UserOf } from './user-of.ts';

/** API Gateway's limit of a request's body. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
const TIMED_OUT = Symbol('timed out');

type Fail = (type: GatewayResponseType) => void;

/** @throws Error for routes, authorizers and responses that the local gateway does not support */
export function apiGatewayHandler(
  resources: Readonly<Record<string, TemplateResource>>,
  resolve: Resolve,
  functions: ReadonlyMap<string, LambdaFunction>,
  userOf: UserOf,
): Handler {
  const routes = readRoutes(resources, resolve);
  const authorizers = readAuthorizers(resources, resolve, functions);
  const respond = readGatewayResponses(resources, resolve);
  return async (request, response) => {
    const fail: Fail = (type) => respond(response, type);

    const url = parseUrl(request.url);
    if (!url) return fail('DEFAULT_4XX');
    const match = matchRoute(routes, request.method ?? 'GET', url.pathname);
    if (!match) return fail('MISSING_AUTHENTICATION_TOKEN');
    const body = await readBody(request, MAX_BODY_BYTES);
    if (!body) return fail('REQUEST_TOO_LARGE');
    const event = proxyEvent(request, url, match, body, userOf);

    const { authorizerId = '', integration } = match.method;
    if (match.method.authorization === 'CUSTOM') {
      const decision = await authorizers.get(authorizerId)?.authorize(event);
      if (!decision) return fail('AUTHORIZER_CONFIGURATION_ERROR');
      if ('refusal' in decision) return fail(decision.refusal);
      event.requestContext.authorizer = { ...decision.context };
    }
    if ('body' in integration) {
      response.writeHead(integration.status, integration.headers).end(integration.body);
      return;
    }
    const payload = JSON.stringify(event);
    if (Buffer.byteLength(payload) > MAX_PAYLOAD_BYTES) return fail('REQUEST_TOO_LARGE');
    await runProxy(integration, functions.get(integration.functionName), payload, response, fail);
  };
}

async function runProxy(
  { functionName, streaming, timeoutMs }: LambdaProxy,
  target: LambdaFunction | undefined,
  payload: string,
  response: ServerResponse,
  fail: Fail,
): Promise<void> {
  const timedOut = Promise.withResolvers<typeof TIMED_OUT>();
  const timer = setTimeout(() => timedOut.resolve(TIMED_OUT), timeoutMs);
  try {
    const result = await Promise.race([
      target?.invoke(payload, { onChunk: streaming ? writeStreamed(response) : undefined }),
      timedOut.promise,
    ]);
    if (result === TIMED_OUT) {
      if (response.headersSent) response.destroy();
      else fail('INTEGRATION_TIMEOUT');
    } else if (!streaming) writeBuffered(response, result ?? '');
    else if (response.headersSent) response.end();
    else
      throw new Error(
        `${functionName} returned no streamed prelude: write the response through awslambda.HttpResponseStream.`,
      );
  } catch {
    // The function's log contains the reason. A started response can only be aborted.
    if (response.headersSent) response.destroy();
    else fail('API_CONFIGURATION_ERROR');
  } finally {
    clearTimeout(timer);
  }
}

/** @returns undefined for a target that is not a path, such as `//` or `/%zz` */
function parseUrl(target = '/'): URL | undefined {
  try {
    const url = new URL(`http://localhost${target}`);
    decodeURIComponent(url.pathname);
    return url;
  } catch {
    return undefined;
  }
}
