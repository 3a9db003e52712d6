/** Signs in a user with the identity provider of `--auth`, as a public client does, and returns an access token. */
import { createHash, randomBytes } from 'node:crypto';
import type { IdentityProvider } from '../../local/cli/identity-provider.ts';

const REDIRECT_URL = 'http://127.0.0.1:8765/callback';

interface UserTokenOptions {
  /** URL of the MCP endpoint or of the API: the audience of the token. */
  readonly resource: string;
  readonly user: string;
  /** Separated by spaces. */
  readonly scope: string;
}

/** @throws Error with the provider's response */
export async function userToken(
  { issuer, publicClient }: Pick<IdentityProvider, 'issuer' | 'publicClient'>,
  { resource, user, scope }: UserTokenOptions,
): Promise<string> {
  const verifier = randomBytes(32).toString('base64url');
  const common = { client_id: publicClient.clientId, redirect_uri: REDIRECT_URL, resource };
  const url = new URL('/auth', issuer);
  url.search = new URLSearchParams({
    ...common,
    response_type: 'code',
    scope,
    login_hint: user,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString();
  const code = (await browse(url)).searchParams.get('code') ?? '';
  const response = await fetch(new URL('/token', issuer), {
    method: 'POST',
    body: new URLSearchParams({ ...common, grant_type: 'authorization_code', code, code_verifier: verifier }),
  });
  const body = (await response.json()) as { readonly access_token?: string };
  if (body.access_token === undefined) throw new Error(`No token for ${user}: ${JSON.stringify(body)}`);
  return body.access_token;
}

/** Follows redirects with cookies, as a browser does, to the client's redirect URL. */
async function browse(start: URL): Promise<URL> {
  const cookies = new Map<string, string>();
  let url = start;
  while (!url.href.startsWith(REDIRECT_URL)) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const each of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(each) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (!location) throw new Error(`${url.href} responded with ${response.status}: ${await response.text()}`);
    url = new URL(location, url);
  }
  return url;
}
