/** Defines `order_report`: a person approves the price, then a slow API of a third party writes the report. */
import { defineOperation } from 'mcp-async-operations/operation';
import * as z from 'zod';

const HOUR_MS = 60 * 60_000;

export const orderReport = defineOperation({
  name: 'order_report',
  title: 'Order report',
  description:
    'Orders a market report from the research agency. It asks before it spends money, and takes hours.',
  input: z.object({ topic: z.string().min(1).max(200), pages: z.int().min(1).max(100) }),
  subject: 'topic',
  output: z.object({ order: z.string(), url: z.url() }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  // It is listed with other catalogues too, so it names its own handler.
  handler: new URL('./steps.lambda.ts', import.meta.url),
  steps: {
    // No function runs while a person thinks, nor while Step Functions waits for the API.
    approve: { inputTimeoutMs: 24 * HOUR_MS },
    order: { calls: { max: 500, periodMs: 12 * HOUR_MS } },
  },
});
