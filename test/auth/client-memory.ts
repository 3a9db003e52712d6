/** Stores what an MCP client keeps while it signs in, as an application would write it. It knows nothing of this server. */

export interface ClientMemoryOptions {
  readonly redirectUrl: string;
  /** Replaces a registration. @default the client registers itself */
  readonly known?: { readonly client_id: string };
  /** Scopes of the registration. @default those that the server names */
  readonly scope?: string;
  /** The user who signs in. @default the user of the provider */
  readonly loginHint?: string;
  /** URL of a metadata document, for a client that prefers it to a registration. @default none */
  readonly clientMetadataUrl?: string;
}

/** An `OAuthClientProvider` of the official SDKs: cast it to the one of the version in use. */
export class ClientMemory {
  readonly redirectUrl: string;
  readonly clientMetadata: Record<string, unknown> & { redirect_uris: string[] };
  readonly clientMetadataUrl: string | undefined;
  /** The page at which the user signs in; undefined before the client needs it. */
  authorizationUrl: URL | undefined;
  readonly #options: ClientMemoryOptions;
  readonly #saved: Record<string, unknown> = {};

  constructor(options: ClientMemoryOptions) {
    const { redirectUrl, scope, clientMetadataUrl } = options;
    this.#options = options;
    this.redirectUrl = redirectUrl;
    this.clientMetadataUrl = clientMetadataUrl;
    this.clientMetadata = {
      client_name: 'test',
      redirect_uris: [redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      ...(scope !== undefined && { scope }),
    };
  }

  clientInformation() {
    return this.#options.known ?? this.#saved.client;
  }

  saveClientInformation(client: unknown) {
    this.#saved.client = client;
  }

  tokens() {
    return this.#saved.tokens as { access_token: string; refresh_token?: string } | undefined;
  }

  saveTokens(tokens: unknown) {
    this.#saved.tokens = tokens;
  }

  saveDiscoveryState(state: unknown) {
    this.#saved.discovery = state;
  }

  discoveryState() {
    return this.#saved.discovery;
  }

  saveCodeVerifier(verifier: string) {
    this.#saved.verifier = verifier;
  }

  codeVerifier() {
    return String(this.#saved.verifier);
  }

  redirectToAuthorization(url: URL) {
    const { loginHint } = this.#options;
    if (loginHint !== undefined) url.searchParams.set('login_hint', loginHint);
    this.authorizationUrl = url;
  }
}
