/** Allows a function to invoke another, but not its versions and aliases, which CDK's `grantInvoke` would include. */
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';

export function grantInvoke(target: LambdaFunction, caller: LambdaFunction): void {
  grant(caller, target.functionArn);
}

/** Allows a function to invoke every published version of another, also those of earlier deploys, but not `$LATEST`. */
export function grantInvokeVersions(target: LambdaFunction, caller: LambdaFunction): void {
  grant(caller, `${target.functionArn}:*`);
}

function grant(grantee: LambdaFunction, resourceArn: string): void {
  Grant.addToPrincipal({ grantee, actions: ['lambda:InvokeFunction'], resourceArns: [resourceArn] });
}
