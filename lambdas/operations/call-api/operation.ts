/** Defines the operation `call_api`: calls an API that the operator allows, and polls long-running requests for hours. */

import { defineOperation } from 'mcp-async-operations/operation';
import * as z from 'zod';
import { acceptApiPath } from './accept-api-path.ts';

const MINUTE_MS = 60_000;

const input = z.strictObject({
  connection: z.string().min(1).max(32).describe('An API that the operator allows.'),
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']),
  path: z
    .string()
    .superRefine((path, { addIssue }) => {
      const accepted = acceptApiPath(path);
      if ('refused' in accepted) addIssue(`it ${accepted.refused}.`);
    })
    .describe('Such as "/orders?state=open".'),
  body: z
    .union([z.record(z.string(), z.json()), z.array(z.json())])
    .optional()
    .describe('JSON for POST, PUT and PATCH.'),
});
export type CallApiInput = z.output<typeof input>;

const output = z.strictObject({
  status: z.int().describe('Status of the last response.'),
  headers: z.record(z.string(), z.string()).describe('Some response headers, with names in lower case.'),
  body: z.json().describe('JSON or text, as the API declared it; null without a body.'),
});
export type CallApiOutput = z.output<typeof output>;

export const callApi = defineOperation({
  name: 'call_api',
  title: 'Call API',
  description:
    'Calls an HTTP API with its credentials. After a response of 202 with a location, the job polls for up to a day.',
  input,
  subject: 'connection',
  output,
  handler: new URL('./steps.lambda.ts', import.meta.url),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  execution: { mode: 'job', maxWaitMs: MINUTE_MS },
  // Each attempt handles one response.
  steps: { request: { timeoutMs: MINUTE_MS, calls: { max: 1_000, periodMs: 24 * 60 * MINUTE_MS } } },
});
