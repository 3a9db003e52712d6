/** What a request proves its caller by: one `Authorization` header, and nothing anywhere else (RFC 6750, section 2). */

/** The part of API Gateway's events that is looked at: of requests to functions and of those to authorizers. */
export interface CredentialCarrier {
  readonly multiValueHeaders: Readonly<Record<string, readonly string[] | undefined>> | null;
  readonly multiValueQueryStringParameters: Readonly<Record<string, readonly string[] | undefined>> | null;
}

/**
 * Of two headers, who reads the first and who reads the last would see different callers; a token in a URL ends up in
 * logs.
 * @returns undefined when there is no header, more than one, or a token in the URL besides.
 */
export function authorizationOf(carrier: CredentialCarrier): string | undefined {
  const [value, ...others] = Object.entries(carrier.multiValueHeaders ?? {})
    .filter(([name]) => name.toLowerCase() === 'authorization')
    .flatMap(([, values]) => values ?? []);
  const isInUrl = Object.hasOwn(carrier.multiValueQueryStringParameters ?? {}, 'access_token');
  return others.length > 0 || isInUrl ? undefined : value;
}
