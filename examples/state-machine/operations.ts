/** A catalogue with a state machine of your own: it exists already, and nothing in it is changed. */

import { stateMachineOperation } from 'mcp-async-operations/operation';
import * as z from 'zod';

const settleInvoice = stateMachineOperation({
  name: 'settle_invoice',
  title: 'Settle invoice',
  description: 'Waits until the invoice is due, and settles it; large ones are refused.',
  // What a caller gives is the input of the execution, and what the execution puts out is the result of the job.
  input: z.object({ invoice: z.string(), amount: z.number(), due_in_seconds: z.int().min(0) }),
  output: z.object({ invoice: z.string(), state: z.literal('settled') }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  stateMachineName: 'settle-invoice',
});

export const operations = [settleInvoice];
