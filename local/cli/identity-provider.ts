/** Starts an OAuth 2.1 and OpenID Connect provider on loopback that signs in every user, to try clients with. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { type Context, errors, interactionPolicy, Provider } from 'oidc-provider';
import { Scope, scopes } from '../../lambdas/shared/caller.ts';
import { type Handler, isLoopback, listenOnLoopback } from '../shared/loopback-server.ts';
import { type DocumentOptions, documentFetch, isOwnRedirect, refusalOfDocument } from './client-documents.ts';
import { MemoryAdapter } from './memory-adapter.ts';

export interface IdentityProviderOptions extends DocumentOptions {
  /** Port on 127.0.0.1. @default 0: a free port */
  readonly port?: number;
  /**
   * Lifetime of access tokens in seconds. Use more than 300: Gemini CLI renews a token five minutes before it expires.
   * @default 3600, as in the user pool
   */
  readonly accessTokenSeconds?: number;
}

export interface IdentityProvider {
  readonly issuer: string;
  /** A client for users. It redirects to a path of {@link REDIRECT_PATHS} on any port of this machine. */
  readonly publicClient: { readonly clientId: string };
  /** A client for programs without a user: `client_credentials`. */
  readonly confidentialClient: { readonly clientId: string; readonly clientSecret: string };
  close(): Promise<void>;
}

/** The user who signs in without a `login_hint`, and the only one who may have the scope `jobs:operate`. */
export const DEFAULT_USER = 'development';

/** Redirect paths of the public client. Other clients have a metadata document (CIMD), or register themselves (RFC 7591). */
export const REDIRECT_PATHS = ['/', '/callback', '/oauth/callback', '/console'];

const PUBLIC_CLIENT_ID = 'local';

/** Returns the CDK context of a stack that accepts tokens of this identity provider. */
export function authorizationContext({ issuer }: Pick<IdentityProvider, 'issuer'>): Record<string, string> {
  return {
    authorization: 'oidc',
    issuer,
    consoleClientId: PUBLIC_CLIENT_ID,
    operatorClaim: 'sub',
    operatorValue: DEFAULT_USER,
    authorizationExtensions: 'oauth-client-credentials',
    allowLoopbackIssuer: 'true',
  };
}

/** @throws Error with code `EADDRINUSE` when the port is in use */
export async function startIdentityProvider({
  port = 0,
  accessTokenSeconds = 3_600,
  ...documents
}: IdentityProviderOptions = {}): Promise<IdentityProvider> {
  const handler = Promise.withResolvers<Handler>();
  const { url: issuer, close } = await listenOnLoopback(handler.promise, { port });
  const publicClient = { clientId: PUBLIC_CLIENT_ID };
  const confidentialClient = {
    clientId: 'local-program',
    clientSecret: randomBytes(24).toString('base64url'),
  };
  const provider = new Provider(issuer, {
    adapter: () => new MemoryAdapter(),
    clients: [
      {
        client_id: publicClient.clientId,
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: REDIRECT_PATHS.flatMap((path) => [
          `http://127.0.0.1${path}`,
          `http://localhost${path}`,
        ]),
      },
      {
        client_id: confidentialClient.clientId,
        client_secret: confidentialClient.clientSecret,
        scope: scopes.join(' '),
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
      },
    ],
    // A client that registers without a type is a native program on this machine.
    clientDefaults: { application_type: 'native', id_token_signed_response_alg: 'ES256' },
    clientBasedCORS: (_context: Context, origin: string) => isLoopback(origin),
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    jwks: { keys: [signingKey()] },
    pkce: { required: () => true },
    scopes: SCOPES,
    // For metadata documents of clients: it may reach this machine, so it fetches nothing that a document names.
    fetch: documentFetch(documents),
    sectorIdentifierUriValidate: () => false,
    // An authorization request names its redirect, so that it can be compared with the site of the client's document.
    allowOmittingSingleRegisteredRedirectUri: false,
    features: {
      clientCredentials: { enabled: true },
      clientIdMetadataDocument: {
        enabled: true,
        ack: 'draft-02',
        allowFetch(_context: Context, clientId: string) {
          const refusal = refusalOfDocument(clientId);
          if (refusal) throw new errors.InvalidClientMetadata(`client_id: ${refusal}`);
          return true;
        },
        allowClient({ oidc }: Context, { clientId, clientAuthMethod }: Context['oidc']['client']) {
          if (clientAuthMethod !== 'none') {
            throw new errors.InvalidClientMetadata(
              `token_endpoint_auth_method is "${clientAuthMethod}": set it to none in the document ${clientId}.`,
            );
          }
          const { redirect_uri: redirect } = oidc.params;
          if (redirect !== undefined && !isOwnRedirect(redirect, clientId)) {
            throw new errors.InvalidRequest(
              `redirect_uri "${redirect}" is of another site than the client's document ${clientId}.`,
            );
          }
          return true;
        },
      },
      devInteractions: { enabled: false },
      // A pushed request (RFC 9126) hides its redirect from `allowClient`.
      pushedAuthorizationRequests: { enabled: false },
      registration: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context: Context, resource: string) =>
          resourceServer(resource, accessTokenSeconds),
        // The token request need not repeat the resource that the user granted.
        useGrantedResource: () => true,
      },
    },
    ttl: {
      AccessToken: accessTokenSeconds,
      ClientCredentials: accessTokenSeconds,
      Grant: WEEK_SECONDS,
      IdToken: accessTokenSeconds,
      Interaction: 600,
      RefreshToken: WEEK_SECONDS,
      Session: WEEK_SECONDS,
    },
    findAccount: (_context: Context, accountId: string) => ({
      accountId,
      claims: () => ({ sub: accountId }),
    }),
    issueRefreshToken: (_context: Context, client: Context['oidc']['client']) =>
      client.grantTypeAllowed('refresh_token'),
    expiresWithSession: () => false,
    rotateRefreshToken: () => true,
    renderError: (context: { body: unknown }, error: object, { error_detail }: { error_detail?: string }) => {
      // This provider is for development: the detail says why a document was refused.
      context.body = { ...error, ...(error_detail !== undefined && { error_detail }) };
    },
    interactions: {
      policy: policy(),
      url: (_context: Context, { uid }: { uid: string }) => `${SIGN_IN_PATH}${uid}`,
    },
    loadExistingGrant: (context: Context) => grantRequestedScopes(provider, context),
  });
  const serve = provider.callback();
  handler.resolve(async (request, response) => {
    if (!request.url?.startsWith(SIGN_IN_PATH)) return serve(request, response);
    const details = await provider.interactionDetails(request, response).catch((error: unknown) => {
      if (!(error instanceof errors.SessionNotFound)) throw error;
    });
    if (!details) {
      response.writeHead(400, { 'Content-Type': 'text/html; charset=utf-8' }).end(SIGN_IN_LOST);
      return;
    }
    const { params } = details;
    await provider.interactionFinished(request, response, {
      login: { accountId: params.login_hint ?? DEFAULT_USER },
      consent: {},
    });
  });
  return { issuer, publicClient, confidentialClient, close };
}

const WEEK_SECONDS = 7 * 24 * 60 * 60;
const API_SCOPES = Object.values(Scope);
const SCOPES = ['openid', 'offline_access', ...API_SCOPES];
/** Path of the sign-in page, which is a redirect here. */
const SIGN_IN_PATH = '/sign-in/';
/** The page for a browser that does not send the cookie of this sign-in. */
const SIGN_IN_LOST = `<!doctype html>
<html lang="en">
<title>Sign-in not found</title>
<h1>Sign-in not found</h1>
<p>This page has no cookie of a sign-in in progress. It expired, it was opened in another browser, or the browser
blocks cookies.</p>
<p>Go back to your MCP client and connect again, in one browser that accepts cookies from 127.0.0.1. A program without a
browser can use the grant client_credentials.</p>
</html>
`;

function signingKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' };
}

/** Issues tokens for any resource on this machine. Each server must accept only its own. */
function resourceServer(resource: string, accessTokenTTL: number) {
  if (!isLoopback(resource))
    throw new errors.InvalidTarget('The resource is not on this machine: request a loopback URL.');
  return {
    scope: API_SCOPES.join(' '),
    audience: resource,
    accessTokenTTL,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'ES256' } },
  };
}

function policy() {
  const { base, Check } = interactionPolicy;
  const prompts = base();
  // There is no consent page. A login_hint with another user signs in that user.
  prompts.get('consent').checks.remove('native_client_prompt');
  prompts
    .get('login')
    .checks.add(
      new Check('another_user', 'another user is requested', ({ oidc: { params, session, result } }) =>
        params.login_hint !== undefined && params.login_hint !== session.accountId && !result?.login
          ? Check.REQUEST_PROMPT
          : Check.NO_NEED_TO_PROMPT,
      ),
    );
  return prompts;
}

/** Grants all scopes and resources that the client requests. Only the default user is an operator. */
async function grantRequestedScopes(provider: Provider, { oidc }: Context) {
  const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
  grant.addOIDCScope(SCOPES.join(' '));
  for (const [resource, { scope }] of Object.entries(oidc.resourceServers)) {
    if (oidc.session.accountId !== DEFAULT_USER) grant.rejectResourceScope(resource, Scope.jobsOperate);
    grant.addResourceScope(resource, scope);
  }
  await grant.save();
  return grant;
}
