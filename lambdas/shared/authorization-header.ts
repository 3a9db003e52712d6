/** Reads the `Authorization` header of a request, the only accepted place for credentials (RFC 6750, section 2). */

/** The fields that API Gateway's proxy events and authorizer events share. */
export interface RequestHeaders {
  readonly multiValueHeaders: Readonly<Record<string, readonly string[] | undefined>> | null;
  readonly multiValueQueryStringParameters: Readonly<Record<string, readonly string[] | undefined>> | null;
}

/**
 * Rejects several headers, because two readers could pick different ones, and tokens in the URL, because logs contain URLs.
 * @returns the header's value; undefined when there is no header, more than one, or also a token in the URL.
 */
export function authorizationHeader(request: RequestHeaders): string | undefined {
  const [value, ...others] = Object.entries(request.multiValueHeaders ?? {})
    .filter(([name]) => name.toLowerCase() === 'authorization')
    .flatMap(([, values]) => values ?? []);
  const isInUrl = Object.hasOwn(request.multiValueQueryStringParameters ?? {}, 'access_token');
  return others.length > 0 || isInUrl ? undefined : value;
}
