/** Signs in as a user's browser does, and as a program does. */
import { setTimeout as delay } from 'node:timers/promises';
import { scopes } from '../../lambdas/shared/caller.ts';

/** No server listens there. Clients that start no server for the callback use it. */
const NO_SERVER = 'http://127.0.0.1:9/';
const MAX_REDIRECTS = 10;
const CALLBACK_SERVER_MS = 10_000;

/** Opens the sign-in page, and follows it to the client's callback. @returns the URL of the callback, with the code */
export async function openPage(address: string): Promise<string> {
  const cookies = new Map<string, string>();
  const { origin } = new URL(address);
  let url = address;
  for (let count = 0; count < MAX_REDIRECTS; count += 1) {
    if (url.startsWith(NO_SERVER)) return url;
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await visit(url, cookie);
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    const location = response.headers.get('location');
    // The client's own server has answered.
    if (!location && new URL(url).origin !== origin) return url;
    if (!location) throw new Error(`The sign-in page answers ${response.status}: ${await response.text()}`);
    url = new URL(location, url).href;
  }
  throw new Error(`The sign-in page redirects more than ${MAX_REDIRECTS} times.`);
}

/** A client may open the page before its own server for the callback listens. */
async function visit(url: string, cookie: string): Promise<Response> {
  const giveUpAt = Date.now() + CALLBACK_SERVER_MS;
  for (;;) {
    try {
      return await fetch(url, { redirect: 'manual', headers: { cookie } });
    } catch (error) {
      if (Date.now() > giveUpAt) throw error;
      await delay(200);
    }
  }
}

/** @returns an access token of a program, for clients that cannot sign in */
export async function programToken(
  issuer: string,
  credentials: { readonly id: string; readonly secret: string },
  resource: string,
): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${credentials.id}:${credentials.secret}`).toString('base64')}`,
    },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: scopes.join(' '), resource }),
  });
  const { access_token: token, ...rest } = (await response.json()) as { access_token?: string };
  if (!token) throw new Error(`The identity provider gives no token: ${JSON.stringify(rest)}`);
  return token;
}
