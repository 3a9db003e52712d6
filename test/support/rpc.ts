/** Sends raw JSON-RPC to the MCP endpoint, for requests that no official client sends, and returns raw responses. */
import type { LocalCloud } from '../../local/cloud.ts';
import { signedAs } from './test-cloud.ts';

export const TASKS = 'io.modelcontextprotocol/tasks';

export interface RpcOptions {
  readonly owner?: string;
  /** The client's capabilities in each request. @default the tasks extension */
  readonly capabilities?: object;
  /** Added to the method's headers, or replacing them; undefined removes one. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

// biome-ignore lint/suspicious/noExplicitAny: responses are checked field by field
export type RpcResponse = { readonly status: number; readonly result: any; readonly error: any };

const NAMED_BY: Readonly<Record<string, string>> = { 'tools/call': 'name', 'resources/read': 'uri' };

/** Sends a request of protocol version 2026-07-28. */
export function modernRequest(
  cloud: Pick<LocalCloud, 'url'>,
  method: string,
  params: Readonly<Record<string, unknown>>,
  { owner = 'ada', capabilities = { extensions: { [TASKS]: {} } }, headers = {} }: RpcOptions = {},
): Promise<Response> {
  const name = params[NAMED_BY[method] ?? 'taskId'];
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1.0.0' },
    'io.modelcontextprotocol/clientCapabilities': capabilities,
  };
  return send(cloud, owner, JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } }), {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
    ...(typeof name === 'string' && { 'mcp-name': encodeURI(name) }),
    ...headers,
  });
}

export async function modern(...args: Parameters<typeof modernRequest>): Promise<RpcResponse> {
  return read(await modernRequest(...args));
}

/** Sends a request of protocol version 2025-11-25. */
export async function legacy(
  cloud: Pick<LocalCloud, 'url'>,
  method: string,
  params: Readonly<Record<string, unknown>> = {},
  { owner = 'ada', headers = {} }: Pick<RpcOptions, 'owner' | 'headers'> = {},
): Promise<RpcResponse> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  return read(await send(cloud, owner, body, { 'mcp-protocol-version': '2025-11-25', ...headers }));
}

export async function send(
  { url }: Pick<LocalCloud, 'url'>,
  owner: string,
  body: string,
  headers: Readonly<Record<string, string | undefined>>,
): Promise<Response> {
  const all = {
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    authorization: signedAs(owner),
    ...headers,
  };
  const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return fetch(new URL('/mcp', url), { method: 'POST', headers: given, body });
}

/** Reads the response, also at the end of a stream. */
async function read(response: Response): Promise<RpcResponse> {
  const text = await response.text();
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream');
  const json = isStream ? text.slice(text.lastIndexOf('data: ') + 'data: '.length) : text;
  const { result, error } = JSON.parse(json) as Omit<RpcResponse, 'status'>;
  return { status: response.status, result, error };
}
