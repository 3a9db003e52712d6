/** Serves `start_work` and `check_job` with a map of jobs in memory. Argument: port. */
import { randomUUID } from 'node:crypto';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';
import { serveMcp } from '../serve-mcp.ts';

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

serveMcp(endpoint, Number(process.argv[2]));
