/** The operation `call_api`: one call of an API that the operator has allowed, and what becomes of it if that takes hours. */

import { defineOperation } from 'mcp-async-operations/operation';
import * as z from 'zod';
import { acceptApiPath } from './accept-api-path.ts';

const MINUTE_MS = 60_000;

const input = z.strictObject({
  connection: z.string().min(1).max(32).describe('The name of an API that the operator has allowed.'),
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']),
  path: z
    .string()
    .superRefine((path, { addIssue }) => {
      const accepted = acceptApiPath(path);
      if ('refused' in accepted) addIssue(`it ${accepted.refused}.`);
    })
    .describe('Below the root of the API, with the query: "/orders?state=open".'),
  body: z
    .union([z.record(z.string(), z.json()), z.array(z.json())])
    .optional()
    .describe('JSON for POST, PUT and PATCH.'),
});
export type CallApiInput = z.output<typeof input>;

const output = z.strictObject({
  status: z.int().describe('Of the last answer.'),
  headers: z.record(z.string(), z.string()).describe('Some of them, in lower case.'),
  body: z.json().describe('JSON if the API said so, else text; null when there was none.'),
});
export type CallApiOutput = z.output<typeof output>;

export const callApi = defineOperation({
  name: 'call_api',
  title: 'Call API',
  description:
    'Calls an HTTP API that the operator has allowed, with its credentials. An answer 202 that says where the outcome will be ' +
    'is asked for again until it is there, for up to a day.',
  input,
  output,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  execution: { mode: 'job', maxWaitMs: MINUTE_MS },
  // An attempt looks at one answer, and decides.
  steps: { request: { timeoutMs: MINUTE_MS, calls: { max: 1_000, periodMs: 24 * 60 * MINUTE_MS } } },
});
