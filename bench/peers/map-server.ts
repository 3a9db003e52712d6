/** Serves `start_work` and `check_job` with a map of jobs in memory. Argument: port. */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';

interface Job {
  readonly job_id: string;
  status: string;
  result: object | null;
}
const jobs = new Map<string, Job>();

function start(text: string, ms: number): Job {
  const job: Job = { job_id: randomUUID(), status: 'running', result: null };
  jobs.set(job.job_id, job);
  setTimeout(() => Object.assign(job, { status: 'completed', result: { text } }), ms);
  return job;
}

const endpoint = createMcpHandler(() => {
  const server = new Server({ name: 'map', version: '1.0.0' }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/call', ({ params: { name, arguments: input = {} } }) => {
    const job =
      name === 'start_work' ? start(String(input.text), Number(input.ms)) : jobs.get(String(input.job_id));
    const content = job ?? { error: { code: 'JOB_NOT_FOUND' } };
    return {
      structuredContent: { ...content },
      content: [{ type: 'text', text: JSON.stringify(content) }],
      isError: !job,
    };
  });
  return server;
});

createServer(async (incoming, outgoing) => {
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
}).listen(Number(process.argv[2]), '127.0.0.1');
