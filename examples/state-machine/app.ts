/** Creates a CDK app with the service, the catalogue beside this file, and an existing state machine of another team. */
import { App } from 'aws-cdk-lib';
import { AsyncOperationsStack, loadOperations } from 'mcp-async-operations';
import { addSettleInvoice } from './settle-invoice.ts';

const stack = new AsyncOperationsStack(new App(), 'Invoices', {
  authorization: { mode: 'iam' },
  operations: await loadOperations(new URL('./operations.ts', import.meta.url)),
});

// In your account, the state machine is in another stack. Here it is in this one, so that the local cloud runs it.
addSettleInvoice(stack);
