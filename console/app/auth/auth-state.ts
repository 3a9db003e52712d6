/** Decides about tokens, errors and addresses of a sign-in, without a browser. */

/** What the console keeps of a sign-in. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken?: string | undefined;
  /** Epoch milliseconds; absent when the server does not say it. */
  readonly expiresAt?: number | undefined;
  /** Granted scopes. */
  readonly scopes: readonly string[];
  /** Name of the user, to show; absent without an ID token. */
  readonly user?: string | undefined;
  /** Whether the API has accepted a token of this sign-in. A token that was never accepted is for another API. */
  readonly isAccepted: boolean;
}

/** A token that expires while the request is on its way would be refused. */
const EXPIRY_MARGIN_MS = 10_000;

export function isExpired({ expiresAt }: Pick<Tokens, 'expiresAt'>, nowMs: number): boolean {
  return expiresAt !== undefined && nowMs >= expiresAt - EXPIRY_MARGIN_MS;
}

/** A response of the token endpoint (RFC 6749, 5.1). */
export interface TokenResponse {
  readonly access_token: string;
  readonly refresh_token?: string | undefined;
  readonly expires_in?: number | undefined;
  readonly scope?: string | undefined;
}

/**
 * @param requested the scopes of the request: a response without scopes grants them
 * @param before the tokens that a refresh replaces
 */
export function toTokens(
  { access_token, refresh_token, expires_in, scope }: TokenResponse,
  requested: readonly string[],
  nowMs: number,
  before?: Tokens,
): Tokens {
  return {
    accessToken: access_token,
    // A server that does not rotate refresh tokens sends none.
    refreshToken: refresh_token ?? before?.refreshToken,
    expiresAt: expires_in === undefined ? undefined : nowMs + expires_in * 1000,
    scopes: scope === undefined ? requested : scope.split(' '),
    user: before?.user,
    isAccepted: before?.isAccepted ?? false,
  };
}

/** What to do when the API refuses a token. */
export type Renewal = 'use-newer' | 'refresh' | 'sign-in' | 'refuse';

/** @param refused the token that the API refused */
export function renewalOf(tokens: Tokens | undefined, refused: string, nowMs: number): Renewal {
  if (!tokens) return 'sign-in';
  // Another request has renewed it in the meantime.
  if (tokens.accessToken !== refused) return 'use-newer';
  if (tokens.refreshToken !== undefined) return 'refresh';
  return tokens.isAccepted || isExpired(tokens, nowMs) ? 'sign-in' : 'refuse';
}

/** Returns the name to show of the claims of an ID token. */
export function userOf(claims: Readonly<Record<string, unknown>> = {}): string | undefined {
  const names = ['name', 'preferred_username', 'email', 'cognito:username', 'sub'];
  const name = names.map((claim) => claims[claim]).find((value) => typeof value === 'string' && value !== '');
  return name as string | undefined;
}

/** Returns the audiences of an access token; empty when it is not a JWT or has none. */
export function audiencesOf(accessToken: string): readonly string[] {
  try {
    const payload = accessToken.split('.')[1] ?? '';
    const bytes = Uint8Array.from(atob(payload.replace(/-/g, '+').replace(/_/g, '/')), (one) =>
      one.charCodeAt(0),
    );
    const { aud } = JSON.parse(new TextDecoder().decode(bytes));
    return [aud].flat().filter((one) => typeof one === 'string');
  } catch {
    return [];
  }
}

/** Says why the API refuses a token that the identity provider has just issued. */
export function refusalOf(
  accessToken: string,
  { issuer, resource }: { readonly issuer: string; readonly resource?: string | undefined },
): string {
  const audiences = audiencesOf(accessToken);
  const found = audiences.length > 0 ? `for ${audiences.join(' and ')}` : 'without an audience';
  const expected = resource ? ` The API expects ${resource}.` : '';
  return (
    `${issuer} issued an access token ${found}, and the API does not accept it.${expected} Ask the operator to let the ` +
    'identity provider issue tokens for this API, or to deploy with the option `audience`.'
  );
}

/** The errors of an authorization response with a remedy (RFC 6749, 4.1.2.1; RFC 8707, 2). */
const REMEDIES: Readonly<Record<string, string>> = {
  access_denied: 'You or the identity provider refused the sign-in. Sign in again, or ask for access.',
  invalid_scope:
    'The identity provider does not know a scope of this API. Ask the operator to add the scopes to the client.',
  invalid_target: 'The identity provider does not know this API. Ask the operator to register it there.',
  unauthorized_client:
    'The client may not sign in this way. Ask the operator to allow the authorization code flow.',
  invalid_client:
    'The identity provider does not know this client. Ask the operator to check consoleClientId.',
  invalid_grant: 'The sign-in has expired. Sign in again.',
  server_error: 'The identity provider failed. Try again later.',
  temporarily_unavailable: 'The identity provider is unavailable. Try again later.',
};

/** Returns what to show for an error of the provider: its code, its description and the remedy. */
export function providerError(code: string, description?: string | null): string {
  const text = description ? ` ${description.slice(0, 300)}` : '';
  const remedy = Object.hasOwn(REMEDIES, code) ? REMEDIES[code] : 'Sign in again, or ask the operator.';
  return `The identity provider responded with "${code.slice(0, 100)}".${text} ${remedy}`;
}

/** Accepts a place within the console to come back to; every other text becomes the jobs page. */
export function returnAddress(hash: unknown): string {
  return typeof hash === 'string' && /^#\/[\w\-./?=&%:~]*$/.test(hash) ? hash : '#/jobs';
}
