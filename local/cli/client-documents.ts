/** Fetches and judges the metadata documents of clients (CIMD), from public addresses and from this machine. */
import type { IncomingMessage } from 'node:http';
import {
  type AddressPolicy,
  AddressRefused,
  checkUrl,
  PUBLIC_ADDRESSES,
  type Resolve,
} from '../../lambdas/shared/http/address-guard.ts';
import { sendRequest } from '../../lambdas/shared/http/send-request.ts';
import { isLoopback } from '../shared/loopback-server.ts';

export interface DocumentOptions {
  /** PEM of the authority that signs certificates of servers on this machine. @default the system's authorities */
  readonly documentAuthority?: string;
  /** @default the system's resolver */
  readonly resolve?: Resolve;
}

/** The local rule. This provider runs on loopback too (draft-ietf-oauth-client-id-metadata-document, section 6.5). */
const THIS_MACHINE: AddressPolicy = { ports: [], allowLoopback: true };

/** A name that only resolves to this machine is not an address of this machine: web pages can have such names. */
function policyOf(url: string): AddressPolicy {
  return isLoopback(url) ? THIS_MACHINE : PUBLIC_ADDRESSES;
}

/** Returns why a client id is not the URL of a document that may be fetched (section 3 of the draft); undefined when it is one. */
export function refusalOfDocument(clientId: string): string | undefined {
  try {
    if (checkUrl(clientId, policyOf(clientId)).pathname === '/') {
      return 'The URL has no path; give the URL of a document.';
    }
    return undefined;
  } catch (error) {
    if (error instanceof AddressRefused) return error.reason;
    throw error;
  }
}

/**
 * Returns a `fetch` that connects only to the addresses that it checked, and never follows a redirect.
 * @throws (the function) AddressRefused, NameUnresolved, or an error of the network
 */
export function documentFetch({ documentAuthority, resolve }: DocumentOptions) {
  return async (text: string, { headers, signal }: RequestInit): Promise<Response> => {
    const policy = policyOf(text);
    const response = await sendRequest({
      method: 'GET',
      url: checkUrl(text, policy),
      headers: Object.fromEntries(new Headers(headers)),
      policy,
      signal: signal ?? AbortSignal.timeout(TIMEOUT_MS),
      ...(resolve && { resolve }),
      ...(policy === THIS_MACHINE && documentAuthority !== undefined && { ca: documentAuthority }),
    });
    const { statusCode: status = 0 } = response;
    if (status !== 200) {
      response.destroy();
      throw new Error(`The document responded with ${status}; expected 200 without a redirect.`);
    }
    const body = await readLimited(response);
    const { 'cache-control': cacheControl = '' } = response.headers;
    return new Response(body, {
      headers: { 'content-length': String(body.length), 'cache-control': cacheControl },
    });
  };
}

const TIMEOUT_MS = 2_500;
/** 64 KiB. Of metadata documents, the provider takes 5 KiB (section 6.6 of the draft). */
const MAX_BYTES = 64 * 1024;

async function readLimited(response: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Leaving the loop ends the download.
    if (size > MAX_BYTES) throw new Error(`The document has more than ${MAX_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Schemes with a host (WHATWG URL, section 4.2). */
const HOST_SCHEMES: readonly string[] = ['ftp:', 'http:', 'https:', 'ws:', 'wss:'];
/** Schemes that the browser opens itself, so no program receives the code. */
const BROWSER_SCHEMES: readonly string[] = ['about:', 'blob:', 'data:', 'file:', 'javascript:', 'vbscript:'];

/**
 * Returns whether a redirect stays with the client: at the site of its document, or on this machine (section 6.1 of the draft). Else a
 * document could pose as a known client and receive its codes.
 */
export function isOwnRedirect(redirectUri: string, clientId: string): boolean {
  const [redirect, document] = [URL.parse(redirectUri), new URL(clientId)];
  if (!redirect || BROWSER_SCHEMES.includes(redirect.protocol)) return false;
  // Other schemes, such as cursor:, open a program of this machine.
  if (isLoopback(redirectUri) || !HOST_SCHEMES.includes(redirect.protocol)) return true;
  return redirect.hostname === document.hostname || redirect.hostname.endsWith(`.${document.hostname}`);
}
