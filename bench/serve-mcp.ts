/** Serves an MCP handler over HTTP on loopback, as the baselines of benchmarks do. */
import { createServer, type Server } from 'node:http';

interface McpHandler {
  fetch(request: Request): Promise<Response>;
}

/** @param port 0 for a free one. @returns the server, which begins to listen */
export function serveMcp(endpoint: McpHandler, port: number): Server {
  return createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const response = await endpoint.fetch(
      new Request('http://localhost/mcp', {
        method: incoming.method,
        headers: incoming.headers as Record<string, string>,
        body: incoming.method === 'POST' ? Buffer.concat(chunks) : undefined,
      }),
    );
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.end(Buffer.from(await response.arrayBuffer()));
  }).listen(port, '127.0.0.1');
}
