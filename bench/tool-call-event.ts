/** Creates the event of API Gateway for a call of a tool. */

/** @returns the event of a call in the form of 2026-07-28 */
export function toolCallEvent(name: string, args: object): object {
  return {
    httpMethod: 'POST',
    path: '/mcp',
    requestContext: { identity: { userArn: 'arn:aws:iam::000000000000:user/bench' } },
    multiValueHeaders: {
      accept: ['application/json, text/event-stream'],
      'content-type': ['application/json'],
      'mcp-protocol-version': ['2026-07-28'],
      'mcp-method': ['tools/call'],
      'mcp-name': [name],
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: {
        name,
        arguments: args,
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    }),
  };
}
