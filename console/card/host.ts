/**
 * Speaks the protocol of MCP Apps with the host: JSON-RPC in messages between frames. The official `App` class does the same,
 * and brings the whole MCP SDK and zod: 146 KB compressed, where the whole card may have 60.
 */

const PROTOCOL_VERSION = '2026-01-26';
const APP_INFO = { name: 'mcp-async-operations', version: '1.0.0' };

/** The way to the host. */
export interface Port {
  send(message: object): void;
  /** @param receive gets every message of the host, and only of the host */
  listen(receive: (message: unknown) => void): void;
}

type Params = Readonly<Record<string, unknown>>;

/** A failed request: the host refused it (with a message of its own), or has not answered in time. */
export class HostError extends Error {
  override readonly name = 'HostError';
  readonly isTimeout: boolean;

  constructor(message: string, isTimeout = false) {
    super(message);
    this.isTimeout = isTimeout;
  }
}

/** What the host tells without being asked. */
export interface HostEvents {
  /** The arguments of the tool call that the card belongs to. */
  onToolInput(args: Params): void;
  /** The result of that tool call. */
  onToolResult(result: Params): void;
  onToolCancelled(): void;
  /** A part of the host's context has changed: theme, styles, tool. */
  onContext(context: Params): void;
  /** The host removes the card. */
  onTeardown(): void;
}

interface Pending {
  readonly resolve: (result: Params) => void;
  readonly reject: (error: HostError) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

export class Host {
  readonly #port: Port;
  readonly #events: HostEvents;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #capabilities: Params = {};

  constructor(port: Port, events: HostEvents) {
    this.#port = port;
    this.#events = events;
    port.listen((message) => this.#receive(asObject(message)));
  }

  /** What the host can do, by the names of the specification. Nothing is known before `connect`. */
  can(capability: 'serverTools' | 'openLinks' | 'updateModelContext'): boolean {
    return this.#capabilities[capability] !== undefined;
  }

  /** Introduces the card. @throws HostError */
  async connect(timeoutMs: number): Promise<void> {
    const params = {
      appInfo: APP_INFO,
      appCapabilities: { availableDisplayModes: ['inline', 'fullscreen', 'pip'] },
      protocolVersion: PROTOCOL_VERSION,
    };
    const { hostCapabilities, hostContext } = await this.request('ui/initialize', params, timeoutMs);
    this.#capabilities = asObject(hostCapabilities);
    this.#events.onContext(asObject(hostContext));
    this.notify('ui/notifications/initialized', {});
  }

  /** @throws HostError */
  request(method: string, params: Params, timeoutMs: number): Promise<Params> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new HostError(`The host has not answered for ${Math.round(timeoutMs / 1000)} s.`, true));
      }, timeoutMs);
      this.#pending.set(id, { resolve, reject, timer });
      this.#port.send({ jsonrpc: '2.0', id, method, params });
    });
  }

  notify(method: string, params: Params): void {
    this.#port.send({ jsonrpc: '2.0', method, params });
  }

  /** Calls a tool of the server, as the user of the conversation. @returns its result. @throws HostError */
  callTool(name: string, args: Params, timeoutMs: number): Promise<Params> {
    return this.request('tools/call', { name, arguments: args }, timeoutMs);
  }

  #receive({ jsonrpc, id, method, params, result, error }: Params): void {
    if (jsonrpc !== '2.0') return;
    if (typeof method === 'string') {
      const answer = this.#handle(method, asObject(params));
      if (id !== undefined) this.#port.send({ jsonrpc: '2.0', id, ...answer });
      return;
    }
    const pending = typeof id === 'number' ? this.#pending.get(id) : undefined;
    if (!pending) return;
    this.#pending.delete(id as number);
    clearTimeout(pending.timer);
    const { message } = asObject(error);
    if (error === undefined) pending.resolve(asObject(result));
    else
      pending.reject(new HostError(typeof message === 'string' ? message : 'The host refused the request.'));
  }

  /** @returns the answer to a request; notifications have none */
  #handle(method: string, params: Params): object {
    switch (method) {
      case 'ui/notifications/tool-input':
        this.#events.onToolInput(asObject(params.arguments));
        break;
      case 'ui/notifications/tool-result':
        this.#events.onToolResult(params);
        break;
      case 'ui/notifications/tool-cancelled':
        this.#events.onToolCancelled();
        break;
      case 'ui/notifications/host-context-changed':
        this.#events.onContext(params);
        break;
      case 'ui/resource-teardown':
        this.#events.onTeardown();
        break;
      case 'ping':
        break;
      default:
        return { error: { code: -32601, message: `The card does not support ${method}.` } };
    }
    return { result: {} };
  }
}

export function asObject(value: unknown): Params {
  return typeof value === 'object' && value !== null ? (value as Params) : {};
}
