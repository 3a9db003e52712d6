/** Reads what an identity provider publishes, and no more of it than can be meant well. */

const TIMEOUT_MS = 5_000;
/** 64 KiB: a document or a key set has a few. */
const MAX_BYTES = 64 * 1024;

/** Why nothing can be said about a token: it is the identity provider's fault or ours, not the caller's. */
export class IdentityProviderUnavailable extends Error {
  override readonly name: string = 'IdentityProviderUnavailable';
}

/** There is nothing at the address; there may be at another. */
export class NothingThere extends IdentityProviderUnavailable {
  override readonly name = 'NothingThere';
}

/** Whether the identity provider may be on this machine, over http. On Lambda it may not, whatever is configured. */
export function isLoopbackAllowed(): boolean {
  return process.env.AWS_LAMBDA_RUNTIME_API === undefined;
}

/**
 * A 200 with JSON, as it is: redirects are not followed, since they could lead anywhere.
 * @throws IdentityProviderUnavailable, and NothingThere for a status of 400 to 499.
 */
export async function fetchJson(url: URL, init: RequestInit = {}): Promise<unknown> {
  const { status, text } = await fetchLimited(url, init);
  if (status !== 200) {
    const Kind = status >= 400 && status < 500 ? NothingThere : IdentityProviderUnavailable;
    throw new Kind(`${url.href} answered with status ${status}.`);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new IdentityProviderUnavailable(`${url.href} answered with what is no JSON.`, { cause });
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
    throw new IdentityProviderUnavailable(`${url.href} could not be read: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function checkSecure({ protocol, hostname, href }: URL): void {
  if (protocol === 'https:') return;
  const isLoopback = protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
  if (isLoopback && isLoopbackAllowed()) return;
  throw new IdentityProviderUnavailable(`${href} is not https.`);
}
