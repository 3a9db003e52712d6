/** Opens a session of the official tasks library, in either generation of tasks. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import {
  createTaskSessionFromClient,
  type RawClientDispatch,
  type TaskEnabledSession,
  toolDeclarationFromMcpTool,
  type WithTasksOptions,
} from '@modelcontextprotocol/ext-tasks/client';

export type Generation = 'v1' | 'v2';

const CLIENT_INFO = { name: 'test', version: '1.0.0' };
const CAPABILITIES = { elicitation: { form: {} } };
const REVISION = '2026-07-28';

export async function openTaskSession(
  url: URL,
  generation: Generation,
  onInputRequest?: WithTasksOptions['onInputRequest'],
): Promise<{ readonly client: Client; readonly session: TaskEnabledSession }> {
  const client = new Client(CLIENT_INFO, {
    capabilities: CAPABILITIES,
    versionNegotiation: { mode: generation === 'v1' ? 'legacy' : 'auto' },
  });
  await client.connect(new StreamableHTTPClientTransport(url));
  const { tools } = await client.listTools();
  const declarations = new Map(tools.map((tool) => [tool.name, toolDeclarationFromMcpTool(tool)]));
  const options = {
    endpointId: url.href,
    onInputRequest,
    tools: { currentTool: (name: string) => declarations.get(name) },
  };
  const session = createTaskSessionFromClient(
    client,
    generation === 'v1'
      ? options
      : {
          ...options,
          rawDispatch: dispatchTo(url),
          v2RequestFraming: {
            protocolVersion: REVISION,
            clientInfo: CLIENT_INFO,
            clientCapabilities: CAPABILITIES,
          },
        },
  );
  return { client, session };
}

/** The transport that the library requires from its host: sends its requests over HTTP. */
function dispatchTo(url: URL): RawClientDispatch {
  let id = 0;
  return async (request, { signal } = {}) => {
    const { method, params } = request as { method: string; params: { name?: string; taskId?: string } };
    id += 1;
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        'mcp-protocol-version': REVISION,
        'mcp-method': method,
        'mcp-name': params.taskId ?? params.name ?? '',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
      signal,
    });
    const { result, error } = (await response.json()) as { result: never; error?: never };
    return error === undefined ? { kind: 'result', result } : { kind: 'error', error };
  };
}
