/** Fetches JSON from an identity provider over HTTPS, with a timeout and a size limit. */

const TIMEOUT_MS = 5_000;
/** 64 KiB; a metadata document or a key set has a few KiB. */
const MAX_BYTES = 64 * 1024;

/** A token cannot be verified. The fault is the identity provider's or the service's, not the caller's. */
export class IdentityProviderUnavailable extends Error {
  override readonly name: string = 'IdentityProviderUnavailable';
}

/** The URL has no document; another URL may have it. */
export class DocumentNotFound extends IdentityProviderUnavailable {
  override readonly name = 'DocumentNotFound';
}

/** Whether the identity provider may run on this machine, over http. On Lambda it never may, whatever the configuration. */
export function isLoopbackAllowed(): boolean {
  return process.env.AWS_LAMBDA_RUNTIME_API === undefined;
}

/**
 * Returns the JSON of a 200 response. Redirects are not followed, because they could lead anywhere.
 * @throws IdentityProviderUnavailable; DocumentNotFound for a status of 400 to 499
 */
export async function fetchJson(url: URL, init: RequestInit = {}): Promise<unknown> {
  const { status, text } = await fetchLimited(url, init);
  if (status !== 200) {
    const Kind = status >= 400 && status < 500 ? DocumentNotFound : IdentityProviderUnavailable;
    throw new Kind(`${url.href} responded with status ${status}; expected 200.`);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new IdentityProviderUnavailable(`${url.href} responded with invalid JSON.`, { cause });
  }
}

async function fetchLimited(url: URL, init: RequestInit): Promise<{ status: number; text: string }> {
  checkSecure(url);
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const headers = { accept: 'application/json' };
    const response = await fetch(url, { headers, ...init, redirect: 'manual', signal });
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      // Leaving the loop ends the download.
      if (bytes > MAX_BYTES) throw new Error(`more than ${MAX_BYTES} bytes`);
      chunks.push(chunk);
    }
    return { status: response.status, text: Buffer.concat(chunks).toString() };
  } catch (cause) {
    throw new IdentityProviderUnavailable(`Fetching ${url.href} failed: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function checkSecure({ protocol, hostname, href }: URL): void {
  if (protocol === 'https:') return;
  const isLoopback = protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
  if (isLoopback && isLoopbackAllowed()) return;
  throw new IdentityProviderUnavailable(`${href} is not https. Use an issuer and keys over https.`);
}
