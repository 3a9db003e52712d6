/** Starts a job through the MCP endpoint, as a client of 2025-11-25 that runs the tool as a task. */
import * as z from 'zod';
import type { CanarySettings } from './canary-settings.ts';
import { END_EVENTS } from './receive-webhook.ts';
import type { AuthorizedFetch } from './sign-in.ts';

export interface StartRequest extends Pick<CanarySettings, 'tool' | 'input'> {
  /** Base URL of the API, without a trailing slash. */
  readonly apiUrl: string;
  readonly callbackUrl: string;
}

/** API Gateway's timeout of a response that is not streamed. */
const TIMEOUT_MS = 29_000;
/** The shortest retention: the job expires a minute after its end. */
const TTL_MS = 60_000;

const started = z.object({ result: z.object({ task: z.object({ taskId: z.string() }) }) });

/**
 * Runs the tool as a task, so that an operation in mode `sync_first` becomes a job too.
 * @returns the id of the job
 * @throws Error when the service does not accept the start, or does not respond
 */
export async function startJob(
  authorizedFetch: AuthorizedFetch,
  { apiUrl, tool, input, callbackUrl }: StartRequest,
): Promise<string> {
  const job_options = { callback_url: callbackUrl, callback_events: END_EVENTS };
  const response = await authorizedFetch(`${apiUrl}/mcp`, {
    method: 'POST',
    headers: {
      accept: 'application/json',
      'content-type': 'application/json',
      'mcp-protocol-version': '2025-11-25',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: tool, arguments: { ...input, job_options }, task: { ttl: TTL_MS } },
    }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  const { data } = started.safeParse(parse(text));
  if (response.ok && data) return data.result.task.taskId;
  throw new Error(
    `${tool} was not started. The response has status ${response.status}: ${text.slice(0, 1_000)}`,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
