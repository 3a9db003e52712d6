/**
 * Does the work of a first call while the function initializes. Lambda gives it a whole CPU until then, whatever its memory, and
 * the share of its memory afterwards.
 */
import type { Executions } from '../executions/executions.ts';
import { Scope } from '../shared/caller.ts';
import type { Endpoint } from './endpoint.ts';

/** Lambda stops an initialization after 10 s. A slow service delays the first call instead. */
const LONGEST_MS = 2_000;

/** No caller has this owner: owners are ARNs or begin with an issuer. */
const NOBODY = 'warm-up';

/**
 * Reads a job that does not exist, through the whole protocol: this loads the code and opens the connections to DynamoDB. Opens that
 * to Step Functions too. Changes nothing and never throws.
 */
export async function warmUp(endpoint: Endpoint, executions: Pick<Executions, 'connect'>): Promise<void> {
  const { promise: timeUp, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, LONGEST_MS);
  // A start makes two queries at once, each with a connection.
  const reads = [readMissingJob(endpoint), readMissingJob(endpoint)];
  const work = Promise.allSettled([...reads, executions.connect()]);
  await Promise.race([work, timeUp]);
  clearTimeout(timer);
}

async function readMissingJob(endpoint: Endpoint): Promise<void> {
  const name = 'check_job';
  const method = 'tools/call';
  const version = '2026-07-28';
  const request = new Request('https://localhost/mcp', {
    method: 'POST',
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-protocol-version': version,
      'mcp-method': method,
      'mcp-name': name,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method,
      params: {
        name,
        arguments: { job_id: '00000000-0000-4000-8000-000000000000' },
        _meta: {
          'io.modelcontextprotocol/protocolVersion': version,
          'io.modelcontextprotocol/clientInfo': { name: NOBODY, version: '1.0.0' },
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    }),
  });
  const response = await endpoint(
    request,
    { owner: NOBODY, scopes: [Scope.jobsRead] },
    Date.now() + LONGEST_MS,
  );
  await response.text();
}
