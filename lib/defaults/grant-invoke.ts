/** Allows a function to invoke another. CDK's `grantInvoke` would also allow its versions and aliases. */
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';

export function grantInvoke(target: LambdaFunction, caller: LambdaFunction): void {
  Grant.addToPrincipal({
    grantee: caller,
    actions: ['lambda:InvokeFunction'],
    resourceArns: [target.functionArn],
  });
}
