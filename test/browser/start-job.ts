/** Starts jobs as an MCP client does, and waits for their end. */
import type { Client } from '@modelcontextprotocol/client';
import { call } from '../support/test-cloud.ts';

/** @returns the id of the job. @throws Error with the text of the refusal */
export async function startJob(client: Client, tool: string, args: Record<string, unknown>): Promise<string> {
  const { data, text } = await call(client, tool, args);
  if (!data?.job_id) throw new Error(text);
  return data.job_id;
}

/** Waits for the end of a job. @returns its status */
export async function endOf(client: Client, jobId: string): Promise<string> {
  for (;;) {
    const { data, text } = await call(client, 'check_job', { job_id: jobId, wait_seconds: 20 });
    if (data.error?.retryable && data.status === undefined) continue;
    if (data.status === undefined) throw new Error(text);
    if (['completed', 'failed', 'cancelled'].includes(data.status)) return data.status;
  }
}
