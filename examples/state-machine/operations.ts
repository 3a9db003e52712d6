/** Defines a catalogue with an external state machine, which exists already and stays unchanged. */

import { stateMachineOperation } from 'mcp-async-operations/operation';
import * as z from 'zod';

const settleInvoice = stateMachineOperation({
  name: 'settle_invoice',
  title: 'Settle invoice',
  description: 'Waits until the invoice is due, then settles it. Large invoices are refused.',
  // The caller's arguments are the input of the execution. The output of the execution is the result of the job.
  input: z.object({ invoice: z.string(), amount: z.number(), due_in_seconds: z.int().min(0) }),
  output: z.object({ invoice: z.string(), state: z.literal('settled') }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  stateMachineName: 'settle-invoice',
});

export const operations = [settleInvoice];
