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
  #renewal: Promise<string> | undefined;
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
    return this.tokens?.scopes.includes(this.#config.operator_scope) ?? false;
  }

  /**
   * Leaves for the identity provider.
   * @param options.asOperator requests the operator's scope too
   * @param options.returnTo the place in the console to come back to
   */
  async signIn({ asOperator = false, returnTo = location.hash } = {}): Promise<void> {
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
    this.#write('pending', pending);
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

  /** @returns a token that has not expired. @throws SignInNeeded, or never returns because the browser leaves for the provider */
  async accessToken(): Promise<string> {
    const { tokens } = this;
    if (tokens && !isExpired(tokens, Date.now())) return tokens.accessToken;
    if (tokens?.refreshToken === undefined) return this.#signInAgain();
    return this.#refresh(tokens);
  }

  /**
   * Returns another token after the API has refused one.
   * @throws SignInNeeded; ApiError `TOKEN_REFUSED` when another token would be refused too
   */
  async renew(refused: string): Promise<string> {
    const { tokens } = this;
    switch (renewalOf(tokens, refused, Date.now())) {
      case 'use-newer':
        return tokens?.accessToken ?? '';
      case 'refresh':
        return this.#refresh(tokens as Tokens);
      case 'sign-in':
        return this.#signInAgain();
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
    if (page.hostname.endsWith('.amazoncognito.com')) page.searchParams.set('logout_uri', this.#redirectUri);
    return page.href;
  }

  async #signInAgain(): Promise<never> {
    this.#write('tokens', undefined);
    // To leave now would lose what the person has entered.
    if (!document.activeElement?.matches('main input, main textarea, main select')) {
      await this.signIn();
      // The page unloads.
      return new Promise(() => {});
    }
    this.onNeeded();
    throw new SignInNeeded('Your sign-in has expired. Sign in again.');
  }

  /** One refresh at a time: a server that rotates refresh tokens would see a second one as theft. */
  #refresh(tokens: Tokens): Promise<string> {
    this.#renewal ??= this.#sendRefresh(tokens).finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #sendRefresh(tokens: Tokens): Promise<string> {
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
      const renewed = toTokens(result, tokens.scopes, Date.now(), tokens);
      this.#write('tokens', renewed);
      return renewed.accessToken;
    } catch (error) {
      // Without a response, the refresh token may still be good.
      if (!(error instanceof oauth.ResponseBodyError)) throw error;
      return this.#signInAgain();
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

function signInFailed(error: unknown): SignInFailed {
  if (error instanceof oauth.AuthorizationResponseError || error instanceof oauth.ResponseBodyError) {
    return new SignInFailed(providerError(error.error, error.error_description), { cause: error });
  }
  const { message } = error as Error;
  return new SignInFailed(`The sign-in could not be verified: ${message}. Sign in again.`, { cause: error });
}
