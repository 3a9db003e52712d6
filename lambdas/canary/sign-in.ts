/** Authenticates the canary as a client of its own: signs requests with its role, or sends an access token. */
import * as z from 'zod';
import { fetchJson } from '../auth/fetch-json.ts';
import { findMetadata } from '../auth/issuer-metadata.ts';
import { awsClient, type SignedFetch, signedFetch } from '../shared/aws/signed-fetch.ts';
import { SecretVersions } from '../webhooks/signing/secret-versions.ts';
import type { CanarySignIn, ClientCredentials, TokenSignIn } from './canary-settings.ts';

/** `fetch` with the credentials of the canary. */
export type AuthorizedFetch = (url: string, init: RequestInit) => Promise<Response>;

/** A token is replaced this long before it expires. */
const EXPIRY_MARGIN_MS = 60_000;

const tokenResponse = z.object({ access_token: z.string().min(1), expires_in: z.number().default(0) });
const credentials = z
  .object({ client_id: z.string(), client_secret: z.string() })
  .catchall(z.string()) satisfies z.ZodType<ClientCredentials>;

/**
 * Returns a function that signs in. It keeps an access token until it expires, because Cognito charges for each.
 * @param signed calls AWS services. @default signedFetch
 * @throws (the function) Error when no token can be had
 */
export function createSignIn(settings: CanarySignIn, signed = signedFetch): () => Promise<AuthorizedFetch> {
  if (settings.mode === 'iam') {
    // A retry would hide a failure.
    const client = awsClient('execute-api', 0);
    return async () => (url, init) => client.fetch(url, init);
  }
  const readCredentials = credentialsReader(settings.client, signed);
  let cached: { readonly token: string; readonly untilMs: number } | undefined;
  return async () => {
    if (!cached || cached.untilMs <= Date.now()) {
      const { access_token: token, expires_in } = await requestToken(settings, await readCredentials());
      cached = { token, untilMs: Date.now() + expires_in * 1000 - EXPIRY_MARGIN_MS };
    }
    const { token } = cached;
    return async (url, init) => {
      const headers = new Headers(init.headers);
      headers.set('authorization', `Bearer ${token}`);
      const response = await fetch(url, { ...init, headers });
      if (response.status === 401) cached = undefined;
      return response;
    };
  };
}

async function requestToken(
  { server, parameters }: TokenSignIn,
  { client_id, client_secret, ...more }: ClientCredentials,
) {
  const endpoint = 'tokenEndpoint' in server ? server.tokenEndpoint : await findTokenEndpoint(server.issuer);
  // RFC 6749, section 2.3.1: both are form-encoded first.
  const basic = [client_id, client_secret].map(encodeURIComponent).join(':');
  const response = await fetchJson(new URL(endpoint), {
    method: 'POST',
    headers: {
      accept: 'application/json',
      authorization: `Basic ${Buffer.from(basic).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...parameters, ...more }).toString(),
  });
  return tokenResponse.parse(response);
}

async function findTokenEndpoint(issuer: string): Promise<string> {
  const { token_endpoint: endpoint } = await findMetadata(issuer);
  if (typeof endpoint === 'string') return endpoint;
  throw new Error(
    `The metadata of ${issuer} has no token_endpoint. Choose an issuer with client_credentials.`,
  );
}

function credentialsReader(
  client: TokenSignIn['client'],
  signed: typeof signedFetch,
): () => Promise<ClientCredentials> {
  if ('client_id' in client) return async () => client;
  if ('secretArn' in client) {
    const versions = new SecretVersions(signed('secretsmanager'), client.secretArn);
    return async () => readSecret((await versions.get()).current, client.secretArn);
  }
  return () => describeClient(signed('cognito-idp'), client);
}

function readSecret(text: string, arn: string): ClientCredentials {
  try {
    return credentials.parse(JSON.parse(text));
  } catch {
    // Without the cause, which contains the secret.
    throw new Error(
      `The secret ${arn} is invalid. Store JSON with the texts client_id and client_secret in it.`,
    );
  }
}

/** Reads the secret of a client from Cognito, so that nothing else stores it. */
async function describeClient(
  cognito: SignedFetch,
  { userPoolId, clientId }: { readonly userPoolId: string; readonly clientId: string },
): Promise<ClientCredentials> {
  const response = await cognito('/', {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AWSCognitoIdentityProviderService.DescribeUserPoolClient',
    },
    body: JSON.stringify({ UserPoolId: userPoolId, ClientId: clientId }),
  });
  if (!response.ok) throw new Error(`Cognito responded ${response.status} to DescribeUserPoolClient.`);
  const described = z.object({ UserPoolClient: z.object({ ClientSecret: z.string() }) });
  const { UserPoolClient } = described.parse(await response.json());
  return { client_id: clientId, client_secret: UserPoolClient.ClientSecret };
}
