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

/** CDK context of a deployment's construct: its name, for the functions below it. */
const SERVICE = 'mcp-async-operations:service';

/** Names the deployment to which all functions below a construct belong. Call it before the construct has children. */
export function setServiceName(scope: Construct): void {
  scope.node.setContext(SERVICE, deploymentName(scope));
}

/** Returns the name of the deployment to which a construct belongs: the dimension `service` of its metrics. */
export function serviceName(scope: Construct): string {
  return (scope.node.tryGetContext(SERVICE) as string | undefined) ?? deploymentName(scope);
}
