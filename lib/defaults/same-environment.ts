/** Checks that an existing resource is in the region and the account of the stack that uses it. */
import { Arn, ArnFormat, Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/**
 * Checks nothing that is known only at deploy.
 * @param subject what names the resource, such as `Operation "report"`
 * @param noun of the resource, such as `state machine`
 * @throws Error naming the resource, both places and the remedy
 */
export function checkSameEnvironment(scope: Construct, subject: string, noun: string, arn: string): void {
  if (Token.isUnresolved(arn)) return;
  const stack = Stack.of(scope);
  const parts = Arn.split(arn, ArnFormat.COLON_RESOURCE_NAME);
  for (const part of ['region', 'account'] as const) {
    if (Token.isUnresolved(stack[part]) || stack[part] === parts[part]) continue;
    throw new Error(
      `${subject} has a ${noun} in the ${part} ${parts[part]}, and the stack is in ${stack[part]}: ` +
        `deploy the stack there, or give a ${noun} in the account and region of the stack.`,
    );
  }
}
