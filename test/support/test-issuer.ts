/** Simulates an identity provider: signs any token, rotates its keys, and fails on demand. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from 'jose';

/** How the issuer responds. `redirecting` leads to a URL that responds well. */
export type Mood = 'well' | 'down' | 'slow' | 'huge' | 'redirecting' | 'talking nonsense' | 'as another';

interface Key {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
  readonly alg: string;
}

export interface TokenOptions {
  /** Replaces claims of a valid token; undefined removes one. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  /** @default the newest */
  readonly key?: Key;
}

const TOKEN_SECONDS = 3_600;
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const ID_JAG_TYPE = 'oauth-id-jag+jwt';
const SCOPE = 'jobs:read jobs:write webhooks:manage';

export class TestIssuer {
  readonly url: string;
  readonly #server: ReturnType<typeof createServer>;
  #keys: Key[] = [];
  mood: Mood = 'well';
  /** The audience of tokens: the URL of an MCP endpoint. */
  audience = '';
  /** Number of requests for the keys. */
  keyRequests = 0;

  private constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<TestIssuer> {
    let issuer: TestIssuer | undefined;
    const server = createServer((request, response) => issuer?.respond(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    issuer = new TestIssuer(server);
    await issuer.rotate();
    return issuer;
  }

  get key(): Key {
    const key = this.#keys.at(-1);
    if (!key) throw new Error('The test issuer has no key.');
    return key;
  }

  /** Replaces all keys with a new one. @returns the previous key */
  async rotate(alg = 'ES256'): Promise<Key | undefined> {
    const before = this.#keys.at(-1);
    this.#keys = [await makeKey(alg)];
    return before;
  }

  async addKey(alg: string): Promise<Key> {
    const key = await makeKey(alg);
    this.#keys.unshift(key);
    return key;
  }

  /** The public key as text: a confused verifier might use it as a shared secret. */
  async publicKeyText(): Promise<string> {
    return exportSPKI((await importJWK({ ...this.key.jwk, ext: true })) as CryptoKey);
  }

  async token({ claims = {}, header = {}, key = this.key }: TokenOptions = {}): Promise<string> {
    return new SignJWT(this.claims(claims))
      .setProtectedHeader({ alg: key.alg, kid: key.jwk.kid, typ: 'at+jwt', ...header } as never)
      .sign(key.privateKey);
  }

  /** The claims of a valid token of `ada`, with some replaced. */
  claims(others: Readonly<Record<string, unknown>> = {}): JWTPayload {
    const now = Math.floor(Date.now() / 1000);
    const good = {
      iss: this.url,
      aud: this.audience,
      sub: 'ada',
      client_id: 'test-client',
      scope: SCOPE,
      iat: now,
      exp: now + 300,
      jti: randomUUID(),
    };
    return { ...good, ...others };
  }

  respond(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    if (path.startsWith('/keys')) this.keyRequests++;
    const isMoved = path.endsWith('?moved');
    const send = (body: unknown) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (this.mood === 'down') {
      response.socket?.destroy();
    } else if (this.mood === 'slow') {
      // Never ends: the client times out.
      response.writeHead(200).write('{');
    } else if (this.mood === 'huge') {
      send({ issuer: this.url, jwks_uri: `${this.url}/keys`, keys: [], filler: 'x'.repeat(100_000) });
    } else if (this.mood === 'redirecting' && !isMoved) {
      response.writeHead(302, { location: `${path}?moved` }).end();
    } else if (this.mood === 'talking nonsense') {
      response.writeHead(200).end('<html>');
    } else if (path.startsWith('/keys')) {
      send({ keys: this.#keys.map(({ jwk }) => jwk) });
    } else if (path === '/token') {
      void this.#grant(request).then(send, () => response.writeHead(400).end('{"error":"invalid_grant"}'));
    } else if (path.startsWith('/.well-known/openid-configuration')) {
      const issuer = this.mood === 'as another' ? 'https://id.example.com' : this.url;
      send({
        issuer,
        jwks_uri: `${this.url}/keys`,
        token_endpoint: `${this.url}/token`,
        authorization_endpoint: `${this.url}/authorize`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['ES256'],
        grant_types_supported: [TOKEN_EXCHANGE, JWT_BEARER, 'client_credentials'],
      });
    } else {
      response.writeHead(404).end();
    }
  }

  /**
   * Grants a token to any client. It is the identity provider of an enterprise too, and the authorization server that accepts an
   * ID-JAG of it: enterprise-managed-authorization.mdx, sections 4 and 5.
   */
  async #grant(request: IncomingMessage): Promise<object> {
    const params = new URLSearchParams(await text(request));
    const ask = (name: string) => params.get(name) ?? undefined;
    if (ask('grant_type') === TOKEN_EXCHANGE) {
      const [aud, resource] = [ask('audience'), ask('resource')];
      const claims = { aud, resource, client_id: ask('client_id'), scope: ask('scope') };
      const access_token = await this.token({ header: { typ: ID_JAG_TYPE }, claims });
      return {
        access_token,
        issued_token_type: 'urn:ietf:params:oauth:token-type:id-jag',
        token_type: 'N_A',
      };
    }
    let claims: Record<string, unknown> = {
      sub: 'program',
      exp: Math.floor(Date.now() / 1000) + TOKEN_SECONDS,
    };
    if (ask('grant_type') === JWT_BEARER) {
      const key = await importJWK(this.key.jwk);
      const expected = { issuer: this.url, audience: this.url, typ: ID_JAG_TYPE };
      const {
        sub,
        client_id,
        scope,
        resource: aud,
      } = (await jwtVerify(ask('assertion') ?? '', key, expected)).payload;
      claims = { sub, client_id, scope, aud };
    }
    return { access_token: await this.token({ claims }), token_type: 'Bearer', expires_in: TOKEN_SECONDS };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function makeKey(alg: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: randomUUID(), alg, use: 'sig' };
  return { privateKey, jwk, alg };
}
