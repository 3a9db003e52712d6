/** Creates the state machine of the example. In your account it exists already, in another stack. */
import { DefinitionBody, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';

export function addSettleInvoice(scope: Construct): StateMachine {
  return new StateMachine(scope, 'SettleInvoice', {
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
}
