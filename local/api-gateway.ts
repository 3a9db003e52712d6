/** API Gateway: takes a request to the function of its route and the answer back, with AWS's own errors between. */
import { setTimeout as delay } from 'node:timers/promises';
import { matchRoute, type Route } from './api-routes.ts';
import { type LambdaFunction, MAX_PAYLOAD_BYTES } from './functions.ts';
import { type Handler, readBody, sendJson } from './loopback-server.ts';
import { proxyEvent } from './proxy-event.ts';
import { writeBuffered, writeStreamed } from './proxy-response.ts';

/** API Gateway's limit of a request's body. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
const LATE = Symbol('late');

export function apiGatewayHandler(
  routes: readonly Route[],
  functions: ReadonlyMap<string, LambdaFunction>,
): Handler {
  return async (request, response) => {
    const fail = (status: number, message: string, type: string) =>
      sendJson(response, status, { message }, { 'x-amzn-ErrorType': type });

    const url = parseUrl(request.url);
    if (!url) return fail(400, 'Bad Request', 'BadRequestException');
    const match = matchRoute(routes, request.method ?? 'GET', url.pathname);
    if (!match) return fail(403, 'Missing Authentication Token', 'MissingAuthenticationTokenException');
    const body = await readBody(request, MAX_BODY_BYTES);
    const payload = body && JSON.stringify(proxyEvent(request, url, match, body));
    if (!payload || Buffer.byteLength(payload) > MAX_PAYLOAD_BYTES) {
      return fail(413, 'Request Too Long', 'RequestTooLargeException');
    }

    const { functionName, streaming, timeoutMs } = match.method;
    const target = functions.get(functionName);
    const timer = new AbortController();
    try {
      const result = await Promise.race([
        target?.invoke(payload, streaming ? writeStreamed(response) : undefined),
        delay(timeoutMs, LATE, { signal: timer.signal }),
      ]);
      if (result === LATE) {
        if (response.headersSent) response.destroy();
        else fail(504, 'Endpoint request timed out', 'IntegrationTimeoutException');
      } else if (!streaming) writeBuffered(response, result ?? '');
      else if (response.headersSent) response.end();
      else throw new Error(`${functionName} answered without a streamed prelude.`);
    } catch {
      // The function's log has the reason. A response that has begun can only be cut.
      if (response.headersSent) response.destroy();
      else fail(502, 'Internal server error', 'InternalServerErrorException');
    } finally {
      timer.abort();
    }
  };
}

/** @returns undefined for a target that is no path, such as `//` or `/%zz`. */
function parseUrl(target = '/'): URL | undefined {
  try {
    const url = new URL(`http://localhost${target}`);
    decodeURIComponent(url.pathname);
    return url;
  } catch {
    return undefined;
  }
}
