/** Creates a CDK app with the service, the catalogue beside this file, and an existing state machine of another team. */
import { App } from 'aws-cdk-lib';
import { DefinitionBody, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { AsyncOperationsStack, loadOperations } from 'mcp-async-operations';

const stack = new AsyncOperationsStack(new App(), 'Invoices', {
  authorization: { mode: 'iam' },
  operations: await loadOperations(new URL('./operations.ts', import.meta.url)),
});

// In your account, the state machine is in another stack. Here it is in this one, so that the local cloud runs it.
new StateMachine(stack, 'SettleInvoice', {
  stateMachineName: 'settle-invoice',
  definitionBody: DefinitionBody.fromString(
    JSON.stringify({
      StartAt: 'Check',
      States: {
        Check: {
          Type: 'Choice',
          Choices: [{ Variable: '$.amount', NumericGreaterThan: 10_000, Next: 'Refuse' }],
          Default: 'Wait until due',
        },
        Refuse: { Type: 'Fail', Error: 'AmountTooLarge', Cause: 'Ask treasury@example.com' },
        'Wait until due': { Type: 'Wait', SecondsPath: '$.due_in_seconds', Next: 'Settle' },
        Settle: { Type: 'Pass', Parameters: { 'invoice.$': '$.invoice', state: 'settled' }, End: true },
      },
    }),
  ),
});
