/** Makes what uses a role wait for the policies of the role only: the reference to the role already waits for the role. */
import type { Role } from 'aws-cdk-lib/aws-iam';
import { Dependable } from 'constructs';

/** CDK makes a function depend on its role as well, which CloudFormation's linter reports as redundant (W3005). */
export function dependOnPolicies(role: Role): void {
  Dependable.implement(role, {
    get dependencyRoots() {
      return role.node.children.filter((child) => child !== role.node.defaultChild);
    },
  });
}
