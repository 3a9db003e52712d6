/** Checks that the stack's region has what the service needs. */
import { Stack, Token } from 'aws-cdk-lib';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import type { Construct } from 'constructs';
import { isStateMachineOperation } from '../../lambdas/definition/operation-definition.ts';
import type { Catalogue } from '../catalogue.ts';

/** Regions of the partition `aws` without tenant isolation of Lambda, which keeps the owners of a sandbox apart. */
const WITHOUT_TENANT_ISOLATION: readonly string[] = ['ap-southeast-6'];

/**
 * Checks nothing for a stack whose region is known only at deploy.
 * @throws Error naming the region and the remedy
 */
export function checkRegion(scope: Construct, { operations }: Catalogue): void {
  const { region } = Stack.of(scope);
  if (Token.isUnresolved(region)) return;
  // CDK does not know a region that is new.
  const partition = RegionInfo.get(region).partition ?? 'aws';
  if (partition !== 'aws') {
    throw new Error(
      `The stack is in ${region}, which belongs to the partition ${partition}: deploy it to a region of the partition aws.`,
    );
  }
  if (!WITHOUT_TENANT_ISOLATION.includes(region)) return;
  const sandboxed = operations.find((one) => !isStateMachineOperation(one) && one.sandbox);
  if (sandboxed === undefined) return;
  throw new Error(
    `Operation "${sandboxed.name}" has a sandbox, and Lambda has no tenant isolation in ${region}: ` +
      'deploy to another region, or leave the operation out of the catalogue.',
  );
}
