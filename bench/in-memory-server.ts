/** Serves `check_job` with only the MCP SDK and a map of jobs, as a baseline for the endpoint. Prints its URL. */
import type { AddressInfo } from 'node:net';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';
import { serveMcp } from './serve-mcp.ts';

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

const http = serveMcp(endpoint, 0).on('listening', () => {
  console.log(`http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`);
});
