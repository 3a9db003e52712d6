/** JSON-RPC to the MCP endpoint by hand: for what no official client would send, and to see what really comes back. */
import type { LocalCloud } from '../../local/cloud.ts';
import { signedAs } from './test-cloud.ts';

export const TASKS = 'io.modelcontextprotocol/tasks';

export interface RpcOptions {
  readonly owner?: string;
  /** What the client declares with each request. @default the tasks extension */
  readonly capabilities?: object;
  /** In place of those that go with the method, or beside them; undefined: left out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

// biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field
export type RpcAnswer = { readonly status: number; readonly result: any; readonly error: any };

const NAMED_BY: Readonly<Record<string, string>> = { 'tools/call': 'name', 'resources/read': 'uri' };

/** A request of 2026-07-28. */
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

export async function modern(...args: Parameters<typeof modernRequest>): Promise<RpcAnswer> {
  return read(await modernRequest(...args));
}

/** A request of 2025-11-25. */
export async function legacy(
  cloud: Pick<LocalCloud, 'url'>,
  method: string,
  params: Readonly<Record<string, unknown>> = {},
  { owner = 'ada' }: Pick<RpcOptions, 'owner'> = {},
): Promise<RpcAnswer> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  return read(await send(cloud, owner, body, { 'mcp-protocol-version': '2025-11-25' }));
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

async function read(response: Response): Promise<RpcAnswer> {
  const { result, error } = (await response.json()) as Omit<RpcAnswer, 'status'>;
  return { status: response.status, result, error };
}
