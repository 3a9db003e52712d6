/** Signs a person in with the authorization code flow and PKCE, and keeps the tokens. */
import * as oauth from 'oauth4webapi';
import { ApiError } from '../api-error.ts';
import {
  isExpired,
  providerError,
  refusalOf,
  renewalOf,
  returnAddress,
  type Tokens,
  toTokens,
  userOf,
} from './auth-state.ts';
import type { TokenConfig } from './sign-in-config.ts';

/** A configuration with which a sign-in can begin. */
export type ReadyConfig = TokenConfig & Required<Pick<TokenConfig, 'client_id' | 'authorization_server'>>;

/** A sign-in between the redirect to the provider and back. */
interface Pending {
  readonly state: string;
  readonly nonce?: string;
  readonly verifier: string;
  readonly scopes: readonly string[];
  readonly returnTo: string;
}

/** The sign-in failed. The message says why, and the remedy. */
export class SignInFailed extends Error {
  override readonly name = 'SignInFailed';
}

/** What the browser takes to the provider. */
interface Departure {
  readonly endpoint: URL;
  readonly pending: Pending;
}

/** The person must sign in, and the browser is not on its way to the provider. */
export class SignInNeeded extends Error {
  override readonly name = 'SignInNeeded';
}

/**
 * Keeps tokens in `sessionStorage`: a reload and the way to the provider and back keep them, and they end with the tab. No
 * other site can read them, and the content security policy runs no scripts but the console's own.
 */
export class Session {
  readonly #config: ReadyConfig;
  readonly #redirectUri: string;
  readonly #key: string;
  #renewal: Promise<string | undefined> | undefined;
  /** The browser leaves once, whatever number of requests needs a sign-in. */
  #leaving: Promise<void> | undefined;
  /** The person decides when to leave. */
  #isNeeded = false;
  #isSignedOut = false;
  /** Whether the tokens that have expired were those of an operator. */
  #wasOperator = false;
  /** Called when the person must sign in, while a form has what they entered. */
  onNeeded: () => void = () => {};

  /** @param base URL of the API's stage, with a trailing slash */
  constructor(config: ReadyConfig, base: string) {
    this.#config = config;
    this.#redirectUri = new URL('console', base).href;
    this.#key = `console ${new URL(base).pathname} ${config.issuer} ${config.client_id}`;
  }

  get tokens(): Tokens | undefined {
    return this.#read<Tokens>('tokens');
  }

  get isOperator(): boolean {
    const { tokens } = this;
    return tokens ? tokens.scopes.includes(this.#config.operator_scope) : this.#wasOperator;
  }

  /**
   * Leaves for the identity provider.
   * @param options.asOperator requests the operator's scope too. @default whether the sign-in that has expired had it
   * @param options.returnTo the place in the console to come back to
   */
  async signIn({ asOperator = this.#wasOperator, returnTo = location.hash } = {}): Promise<void> {
    this.#leave(await this.#prepare(asOperator, returnTo));
  }

  async #prepare(asOperator: boolean, returnTo: string): Promise<Departure> {
    const { authorization_server: server, client_id, resource, operator_scope } = this.#config;
    const endpoint = URL.parse(server.authorization_endpoint ?? '');
    if (!endpoint || !/^https?:$/.test(endpoint.protocol)) {
      throw new SignInFailed(
        `${server.issuer} names no authorization endpoint. Ask the operator to check the issuer.`,
      );
    }
    const isOpenId = server.id_token_signing_alg_values_supported !== undefined;
    const scopes = [
      // For a nonce, and for the name of the user.
      ...(isOpenId ? ['openid'] : []),
      ...this.#config.scopes,
      ...(asOperator ? [operator_scope] : []),
    ];
    const pending: Pending = {
      state: oauth.generateRandomState(),
      ...(isOpenId && { nonce: oauth.generateRandomNonce() }),
      verifier: oauth.generateRandomCodeVerifier(),
      scopes,
      returnTo: returnAddress(returnTo),
    };
    const parameters = {
      client_id,
      redirect_uri: this.#redirectUri,
      response_type: 'code',
      scope: scopes.join(' '),
      state: pending.state,
      code_challenge: await oauth.calculatePKCECodeChallenge(pending.verifier),
      code_challenge_method: 'S256',
      ...(pending.nonce && { nonce: pending.nonce }),
      ...(resource && { resource }),
    };
    for (const [name, value] of Object.entries(parameters)) endpoint.searchParams.set(name, value);
    return { endpoint, pending };
  }

  #leave({ endpoint, pending }: Departure): void {
    this.#write('pending', pending);
    location.assign(endpoint);
  }

  /**
   * Ends the sign-in when the browser comes back from the provider.
   * @throws SignInFailed
   */
  async complete(): Promise<void> {
    const url = new URL(location.href);
    if (!url.searchParams.has('code') && !url.searchParams.has('error')) return;
    const pending = this.#read<Pending>('pending');
    this.#write('pending', undefined);
    // The code must not stay in the address, where a reload would send it again.
    history.replaceState(null, '', `${url.pathname}${pending?.returnTo ?? '#/jobs'}`);
    if (!pending) {
      // A reload, or a tab that was restored: the first use has ended this sign-in.
      if (this.tokens) return;
      throw new SignInFailed('This sign-in began in another tab, or has ended. Sign in again.');
    }
    const { authorization_server: server, client_id } = this.#config;
    const client: oauth.Client = { client_id };
    try {
      const parameters = oauth.validateAuthResponse(server, client, url, pending.state);
      const response = await oauth.authorizationCodeGrantRequest(
        server,
        client,
        oauth.None(),
        parameters,
        this.#redirectUri,
        pending.verifier,
        this.#requestOptions(),
      );
      const result = await oauth.processAuthorizationCodeResponse(server, client, response, {
        ...(pending.nonce && { expectedNonce: pending.nonce, requireIdToken: true }),
      });
      const user = userOf(oauth.getValidatedIdTokenClaims(result));
      this.#write('tokens', { ...toTokens(result, pending.scopes, Date.now()), user });
    } catch (error) {
      throw signInFailed(error);
    }
  }

  /**
   * @param mayLeave whether the browser may leave for the provider: the request has nothing that the person entered
   * @returns a token that has not expired
   * @throws SignInNeeded; SignInFailed when the provider does not respond. It never returns when the browser leaves
   */
  async accessToken(mayLeave: boolean): Promise<string> {
    this.#expectSignedIn();
    const { tokens } = this;
    if (tokens && !isExpired(tokens, Date.now())) return tokens.accessToken;
    if (tokens?.refreshToken === undefined) return this.#signInAgain(mayLeave);
    return this.#refresh(tokens, mayLeave);
  }

  /**
   * Returns another token after the API has refused one.
   * @param mayLeave as for `accessToken`
   * @throws SignInNeeded; SignInFailed; ApiError `TOKEN_REFUSED` when another token would be refused too
   */
  async renew(refused: string, mayLeave: boolean): Promise<string> {
    this.#expectSignedIn();
    const { tokens } = this;
    switch (renewalOf(tokens, refused, Date.now())) {
      case 'use-newer':
        return tokens?.accessToken ?? '';
      case 'refresh':
        return this.#refresh(tokens as Tokens, mayLeave);
      case 'sign-in':
        return this.#signInAgain(mayLeave);
      case 'refuse':
        throw this.refusal(refused);
    }
  }

  /** Remembers that the API accepts the tokens of this sign-in. */
  accepted(): void {
    const { tokens } = this;
    if (tokens && !tokens.isAccepted) this.#write('tokens', { ...tokens, isAccepted: true });
  }

  /** Returns the error for a token of which the API refuses even a new one. */
  refusal(accessToken: string): ApiError {
    return new ApiError(401, { code: 'TOKEN_REFUSED', message: refusalOf(accessToken, this.#config) });
  }

  /**
   * Forgets the tokens and revokes the refresh token.
   * @returns the page on which the person can sign out of the identity provider too
   */
  async signOut(): Promise<string | undefined> {
    const { tokens } = this;
    const { authorization_server: server, client_id } = this.#config;
    // First: a request that needs a token would sign the person in again.
    this.#isSignedOut = true;
    this.#write('tokens', undefined);
    if (tokens?.refreshToken !== undefined && server.revocation_endpoint) {
      const { additionalParameters: _, ...options } = this.#requestOptions();
      // Best effort: the provider may not allow it to browsers.
      await oauth
        .revocationRequest(server, { client_id }, oauth.None(), tokens.refreshToken, options)
        .catch(() => undefined);
    }
    const page = URL.parse(server.end_session_endpoint ?? '');
    if (!page || !/^https?:$/.test(page.protocol)) return undefined;
    page.searchParams.set('client_id', client_id);
    // Cognito has a name of its own for the address to come back to.
    if (new URL(server.issuer).hostname.startsWith('cognito-idp.'))
      page.searchParams.set('logout_uri', this.#redirectUri);
    return page.href;
  }

  #expectSignedIn(): void {
    if (this.#isSignedOut) throw new SignInNeeded('You have signed out. Sign in again.');
  }

  async #signInAgain(mayLeave: boolean): Promise<never> {
    this.#expectSignedIn();
    this.#wasOperator = this.isOperator;
    this.#write('tokens', undefined);
    // To leave now would lose what the person has entered.
    if (!mayLeave || hasEntries()) this.#isNeeded = true;
    if (!this.#isNeeded) {
      this.#leaving ??= this.#leaveUnlessNeeded();
      await this.#leaving;
    }
    if (!this.#isNeeded) {
      // The page unloads.
      return new Promise(() => {});
    }
    this.onNeeded();
    throw new SignInNeeded('Your sign-in has expired. Sign in again.');
  }

  async #leaveUnlessNeeded(): Promise<void> {
    try {
      const departure = await this.#prepare(this.#wasOperator, location.hash);
      this.#expectSignedIn();
      // Another request may have what the person entered.
      if (!this.#isNeeded) this.#leave(departure);
    } catch (error) {
      this.#leaving = undefined;
      throw error;
    }
  }

  /** One refresh at a time: a server that rotates refresh tokens would see a second one as theft. */
  async #refresh(tokens: Tokens, mayLeave: boolean): Promise<string> {
    this.#renewal ??= this.#sendRefresh(tokens).finally(() => {
      this.#renewal = undefined;
    });
    return (await this.#renewal) ?? this.#signInAgain(mayLeave);
  }

  /** @returns undefined when the provider refuses the refresh token. @throws SignInNeeded; SignInFailed */
  async #sendRefresh(tokens: Tokens): Promise<string | undefined> {
    const { authorization_server: server, client_id } = this.#config;
    const client: oauth.Client = { client_id };
    try {
      const response = await oauth.refreshTokenGrantRequest(
        server,
        client,
        oauth.None(),
        tokens.refreshToken ?? '',
        this.#requestOptions(),
      );
      const result = await oauth.processRefreshTokenResponse(server, client, response);
      this.#expectSignedIn();
      if (this.tokens?.refreshToken !== tokens.refreshToken)
        throw new SignInNeeded('Your sign-in has ended. Sign in again.');
      const renewed = toTokens(result, tokens.scopes, Date.now(), tokens);
      this.#write('tokens', renewed);
      return renewed.accessToken;
    } catch (error) {
      if (error instanceof SignInNeeded) throw error;
      if (error instanceof oauth.ResponseBodyError || error instanceof oauth.WWWAuthenticateChallengeError)
        return undefined;
      // Without a response, the refresh token may still be good.
      throw new SignInFailed(
        `${server.issuer} did not renew the sign-in (${(error as Error).message}). Check the connection, or try again later.`,
        { cause: error },
      );
    }
  }

  #requestOptions() {
    const { authorization_server: server, resource } = this.#config;
    const { protocol, hostname } = new URL(server.issuer);
    const isLoopback = protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
    return {
      ...(resource && { additionalParameters: { resource } }),
      [oauth.allowInsecureRequests]: isLoopback,
      signal: AbortSignal.timeout(15_000),
    };
  }

  #read<T>(name: string): T | undefined {
    const text = sessionStorage.getItem(`${this.#key} ${name}`);
    return text === null ? undefined : JSON.parse(text);
  }

  #write(name: string, value: object | undefined): void {
    if (value) sessionStorage.setItem(`${this.#key} ${name}`, JSON.stringify(value));
    else sessionStorage.removeItem(`${this.#key} ${name}`);
  }
}

/** Whether a reload of the page would lose what the person has entered, or can see only once. */
function hasEntries(): boolean {
  return (
    document.querySelector('main [data-entries]') !== null ||
    document.activeElement?.matches('main input, main textarea, main select') === true
  );
}

function signInFailed(error: unknown): SignInFailed {
  if (error instanceof oauth.AuthorizationResponseError || error instanceof oauth.ResponseBodyError) {
    return new SignInFailed(providerError(error.error, error.error_description), { cause: error });
  }
  const { message } = error as Error;
  return new SignInFailed(`The sign-in could not be verified: ${message}. Sign in again.`, { cause: error });
}
