/** API Gateway's events in the web's terms: a `Request` from one, a streamed answer from a `Response`. */
import type { APIGatewayProxyEvent } from 'aws-lambda';

export function toRequest(event: APIGatewayProxyEvent): Request {
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
 * The principal that the gateway has authenticated.
 * @returns undefined when it has not: then nobody may be served.
 */
export function ownerOf({ requestContext }: APIGatewayProxyEvent): string | undefined {
  return requestContext.identity.userArn ?? undefined;
}
