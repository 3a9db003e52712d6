/** Publishes metadata documents of clients (CIMD) on this machine, over https. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Authority } from './certificates.ts';

/** Responds to a request for a document. */
export type Respond = (request: IncomingMessage, response: ServerResponse) => void;

export class ClientDocuments {
  /** `https://127.0.0.1:PORT` */
  readonly origin: string;
  /** PEM; pass it to the identity provider. */
  readonly authority: string;
  /** Paths of all requests. */
  readonly requests: string[] = [];
  readonly #responses = new Map<string, Respond>();
  readonly #server: ReturnType<typeof createServer>;

  private constructor(server: ReturnType<typeof createServer>, authority: string) {
    this.#server = server;
    this.authority = authority;
    this.origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (request, response) => {
      this.requests.push(request.url ?? '');
      const respond = this.#responses.get(request.url ?? '');
      if (respond) respond(request, response);
      else response.writeHead(404).end();
    });
  }

  static async start(): Promise<ClientDocuments> {
    const authority = new Authority('Documents');
    const server = createServer(authority.issue({ hosts: ['127.0.0.1', 'localhost'] }));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new ClientDocuments(server, authority.cert);
  }

  /** @returns the URL of the document */
  respond(path: string, respond: Respond): string {
    this.#responses.set(path, respond);
    return this.origin + path;
  }

  /**
   * Publishes a document of a public client.
   * @param others replace or add fields; undefined removes one
   * @returns its URL, the client id
   */
  publish(path: string, others: Readonly<Record<string, unknown>> = {}): string {
    const document = {
      client_id: this.origin + path,
      client_name: 'test',
      redirect_uris: ['http://127.0.0.1/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      ...others,
    };
    return this.respond(path, (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
