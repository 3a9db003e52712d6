/** Reads the files of the console, and the addresses at which a browser signs in. */
import { readFile } from 'node:fs/promises';
import { findMetadata, type IssuerMetadata } from '../auth/issuer-metadata.ts';
import { log } from '../shared/observability/log.ts';

/** How the console signs in. The stack sets it: see `lib/access/console-sign-in.ts`. */
export type ConsoleSignIn =
  | {
      /** `none`: the local cloud needs no credentials. `iam`: requests are signed, which a browser cannot do. */
      readonly mode: 'none' | 'iam';
    }
  | {
      readonly mode: 'oidc';
      readonly issuer: string;
      /** The identity provider's client for the console; absent when the operator has named none. */
      readonly client_id?: string;
      readonly scopes: readonly string[];
      /** Requested only by a person who signs in as an operator. */
      readonly operator_scope: string;
      /** `resource` of the token request (RFC 8707); absent for a provider with audiences of its own. */
      readonly resource?: string;
    };

/** What a browser needs of the provider's metadata. */
const SERVER_PROPERTIES = [
  'issuer',
  'authorization_endpoint',
  'token_endpoint',
  'revocation_endpoint',
  'end_session_endpoint',
  'authorization_response_iss_parameter_supported',
  'id_token_signing_alg_values_supported',
] as const;

/** The name, and the content type, of every file. A name from a request only selects one of them. */
const CONTENT_TYPES = new Map([
  ['index.html', 'text/html; charset=utf-8'],
  ['app.js', 'text/javascript; charset=utf-8'],
  ['app.css', 'text/css; charset=utf-8'],
]);

const METADATA_CACHE_MS = 5 * 60 * 1000;
/** Between two requests to a provider that is unavailable: the routes of the console are public. */
const FAILURE_CACHE_MS = 10_000;

interface PageFile {
  readonly contentType: string;
  readonly text: string;
}

export interface ConsolePageOptions {
  /** The built files. */
  readonly directory: URL;
  readonly signIn: ConsoleSignIn;
}

export class ConsolePage {
  readonly signIn: ConsoleSignIn;
  readonly #directory: URL;
  readonly #files = new Map<string, Promise<PageFile>>();
  #server: { readonly metadata: Promise<IssuerMetadata | undefined>; until: number } | undefined;

  constructor({ directory, signIn }: ConsolePageOptions) {
    this.#directory = directory;
    this.signIn = signIn;
  }

  /** Reads a file at its first request. @returns undefined for a file that the console does not have */
  async file(name: string): Promise<PageFile | undefined> {
    const contentType = CONTENT_TYPES.get(name);
    if (contentType === undefined) return undefined;
    const known = this.#files.get(name) ?? readPageFile(new URL(name, this.#directory), contentType);
    this.#files.set(name, known);
    try {
      return await known;
    } catch (error) {
      // The next request reads it again.
      this.#files.delete(name);
      throw error;
    }
  }

  /**
   * Returns the addresses of the authorization server. This function reads them, because the content security policy needs
   * them before the browser does.
   * @returns undefined when there is none, or it is unavailable
   */
  async authorizationServer(): Promise<Readonly<Record<string, unknown>> | undefined> {
    const { signIn } = this;
    if (signIn.mode !== 'oidc') return undefined;
    if (!this.#server || Date.now() >= this.#server.until) {
      const server = { metadata: this.#find(signIn.issuer), until: Date.now() + METADATA_CACHE_MS };
      this.#server = server;
      void server.metadata.then((metadata) => {
        if (!metadata) server.until = Date.now() + FAILURE_CACHE_MS;
      });
    }
    const metadata = await this.#server.metadata;
    if (!metadata) return undefined;
    return Object.fromEntries(
      SERVER_PROPERTIES.flatMap((name) => (metadata[name] === undefined ? [] : [[name, metadata[name]]])),
    );
  }

  async #find(issuer: string): Promise<IssuerMetadata | undefined> {
    try {
      return await findMetadata(issuer);
    } catch (error) {
      log.error('The metadata of the issuer could not be read', { issuer, error });
      return undefined;
    }
  }
}

async function readPageFile(url: URL, contentType: string): Promise<PageFile> {
  return { contentType, text: await readFile(url, 'utf8') };
}
