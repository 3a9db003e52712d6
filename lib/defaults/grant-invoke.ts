/** The right to invoke one function as it is: CDK's `grantInvoke` would allow versions and aliases of it as well. */
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';

export function grantInvoke(target: LambdaFunction, caller: LambdaFunction): void {
  Grant.addToPrincipal({
    grantee: caller,
    actions: ['lambda:InvokeFunction'],
    resourceArns: [target.functionArn],
  });
}
