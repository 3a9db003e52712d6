/** API Gateway's events in the web's terms: a `Request` from one, a streamed answer from a `Response`. */
import type { APIGatewayProxyEvent } from 'aws-lambda';

/** @returns undefined for what is no HTTP request, such as a GET with a body or a header with a strange character. */
export function toRequest(event: APIGatewayProxyEvent): Request | undefined {
  try {
    return requestOf(event);
  } catch {
    return undefined;
  }
}

function requestOf(event: APIGatewayProxyEvent): Request {
  const { httpMethod, path, requestContext, multiValueHeaders, body, isBase64Encoded } = event;
  const headers = new Headers();
  for (const [name, values] of Object.entries(multiValueHeaders ?? {})) {
    for (const value of values ?? []) headers.append(name, value);
  }
  return new Request(`https://${requestContext.domainName ?? 'localhost'}${path}`, {
    method: httpMethod,
    headers,
    body: body === null ? undefined : isBase64Encoded ? Buffer.from(body, 'base64') : body,
  });
}

/** What middy's streaming mode sends: status and headers first, then the body as it comes. */
export function toStreamedAnswer(response: Response) {
  return {
    statusCode: response.status,
    headers: Object.fromEntries(response.headers),
    body: response.body ?? '',
  };
}

/**
 * The principal that the gateway has authenticated: a user, or a role whoever assumes it. The name of a role's session
 * is left out, because its holder chooses it: it protects nothing, and a random one would lose its jobs.
 * @returns undefined when the gateway has authenticated nobody: then nobody may be served.
 */
export function ownerOf({ requestContext }: APIGatewayProxyEvent): string | undefined {
  return requestContext.identity.userArn?.replace(/(:assumed-role\/[^/]+)\/.*$/, '$1');
}
