/** Serves `check_job` with only the MCP SDK and a map of jobs, as a baseline for the endpoint. Prints its URL. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';

const job = {
  job_id: process.argv[2] ?? '',
  status: 'completed',
  progress: 1,
  result: { text: 'x' },
  error: null,
};
const jobs = new Map([[job.job_id, job]]);

const endpoint = createMcpHandler(() => {
  const server = new Server({ name: 'in-memory', version: '1.0.0' }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/list', () => ({
    tools: [{ name: 'check_job', inputSchema: { type: 'object' } }],
  }));
  server.setRequestHandler('tools/call', ({ params }) => {
    const found = jobs.get(String(params.arguments?.job_id));
    return { structuredContent: found, content: [{ type: 'text', text: JSON.stringify(found) }] };
  });
  return server;
});

const http = createServer(async (incoming, outgoing) => {
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
});
http.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`);
});
