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
