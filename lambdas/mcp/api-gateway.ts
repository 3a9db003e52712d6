/** Converts an API Gateway event to a web `Request`, and a web `Response` to a streamed response. */
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { wellFormedJson } from '../shared/well-formed.ts';

/** @returns undefined for an invalid HTTP request: for example a GET with a body, or an illegal character in a header */
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
    body:
      body === null
        ? undefined
        : wellFormedJson(isBase64Encoded ? Buffer.from(body, 'base64').toString() : body),
  });
}

/** Returns the shape that middy's streaming mode sends: status and headers first, then the body as it arrives. */
export function toStreamedResponse(response: Response) {
  return {
    statusCode: response.status,
    headers: Object.fromEntries(response.headers),
    body: response.body ?? '',
  };
}
