/** Names what a deployment creates under a fixed name, so that two deployments in one account do not collide. */
import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/**
 * Returns the name of the stack and the ids of the constructs from there to `scope`, such as `prod-Operations`. It consists of
 * letters, digits, underscores and hyphens.
 */
export function deploymentName(scope: Construct): string {
  const { scopes } = scope.node;
  const stackIndex = scopes.findIndex((one) => Stack.isStack(one));
  const { stackName } = Stack.of(scopes[stackIndex] ?? scope);
  // CDK omits `Default` from logical ids too.
  const ids = scopes.slice(stackIndex + 1).flatMap(({ node }) => (node.id === 'Default' ? [] : [node.id]));
  return [stackName, ...ids].join('-').replaceAll(/[^\w-]+/g, '-');
}
