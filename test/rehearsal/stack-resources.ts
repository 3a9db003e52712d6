/** Finds the resources of the deployed stack. */
import { CloudFormationClient, DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { STACK } from './deployment.ts';

/**
 * @param name that logical ids contain @returns the physical ids of the resources of a type
 * @throws Error when there is none
 */
export async function physicalIds(type: string, name: string): Promise<readonly string[]> {
  const { StackResources = [] } = await new CloudFormationClient().send(
    new DescribeStackResourcesCommand({ StackName: STACK }),
  );
  const found = StackResources.flatMap(({ ResourceType, LogicalResourceId = '', PhysicalResourceId = '' }) =>
    ResourceType === type && LogicalResourceId.includes(name) ? [PhysicalResourceId] : [],
  );
  if (found.length === 0) throw new Error(`The stack has no ${type} whose logical id contains ${name}.`);
  return found;
}
