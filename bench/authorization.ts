/** Measures the cost of token authorization: a call with a token that is new to the gateway, beside the same call again. */

import { TestIssuer } from '../test/support/test-issuer.ts';
import { startTokenCloud } from '../test/support/token-cloud.ts';
import { median, type Row, row } from './measure.ts';

const TOKENS = 40;

export async function authorization(): Promise<readonly Row[]> {
  const issuer = await TestIssuer.start();
  const cloud = await startTokenCloud(issuer.url);
  try {
    const endpoint = new URL('/mcp', cloud.url);
    issuer.audience = endpoint.href;
    const samples: { newMs: number; cachedMs: number }[] = [];
    for (let index = 0; index < TOKENS; index++) {
      const token = await issuer.token({ claims: { sub: `user-${index}` } });
      samples.push({ newMs: await timeCall(endpoint, token), cachedMs: await timeCall(endpoint, token) });
    }
    // Excludes the first calls, which start functions.
    const warm = samples.slice(TOKENS / 4);
    return [
      row('call with a cached token', median(warm.map(({ cachedMs }) => cachedMs)), 'ms'),
      row('call with a new token: additional time', median(warm.map((s) => s.newMs - s.cachedMs)), 'ms'),
      row(
        `${TOKENS} tokens verified: calls to the identity provider for keys`,
        issuer.keyRequests,
        'calls',
        2,
      ),
    ];
  } finally {
    await cloud.close();
    await issuer.close();
  }
}

/** @returns milliseconds @throws Error when the call fails */
async function timeCall(endpoint: URL, token: string): Promise<number> {
  const start = performance.now();
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'list_jobs', arguments: {} },
    }),
  });
  const { result } = (await response.json()) as { result?: { isError?: boolean } };
  if (!response.ok || !result || result.isError)
    throw new Error(`list_jobs failed with status ${response.status}.`);
  return performance.now() - start;
}
