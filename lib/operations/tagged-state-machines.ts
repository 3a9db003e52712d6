/** Finds external state machines by a tag, whose value is the name of an operation. Calls AWS during synthesis. */
import type { Node } from 'constructs';

const KEY = 'stateMachineTag';

/**
 * Lists all tagged state machines, a hundred a page. Calls nothing when the CDK context names no tag or `names` is empty.
 * @param names of the operations that need an external state machine
 * @returns the ARN of the state machine, by name of the operation
 * @throws Error naming the context key and the remedy, for two state machines of one operation or an AWS error
 */
export async function findTaggedStateMachines(
  node: Node,
  names: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const tag: unknown = node.tryGetContext(KEY);
  if (tag === undefined || names.length === 0) return {};
  const found: Record<string, string> = {};
  for (const { arn, value } of await listTagged(String(tag))) {
    // Another stack with other operations may use the same tag.
    if (!names.includes(value)) continue;
    const other = found[value];
    if (other !== undefined) {
      throw new Error(
        `${KEY}: operation "${value}" has two state machines with the tag ${tag}, ${other} and ${arn}. Remove the tag from one of them.`,
      );
    }
    found[value] = arn;
  }
  return found;
}

async function listTagged(tag: string): Promise<readonly { readonly arn: string; readonly value: string }[]> {
  // Imported only when a tag is given.
  const { ResourceGroupsTaggingAPIClient, paginateGetResources } = await import(
    '@aws-sdk/client-resource-groups-tagging-api'
  );
  // The CDK CLI sets the region of the stack. Without it, the SDK chooses the region.
  const client = new ResourceGroupsTaggingAPIClient({ region: process.env.CDK_DEFAULT_REGION });
  const pages = paginateGetResources(
    { client },
    { ResourceTypeFilters: ['states:stateMachine'], TagFilters: [{ Key: tag }] },
  );
  const machines: { arn: string; value: string }[] = [];
  try {
    for await (const { ResourceTagMappingList = [] } of pages) {
      for (const { ResourceARN: arn = '', Tags = [] } of ResourceTagMappingList) {
        const { Value: value = '' } = Tags.find(({ Key }) => Key === tag) ?? {};
        machines.push({ arn, value });
      }
    }
  } catch (error) {
    const { name, message } = error as Error;
    throw new Error(
      `${KEY}: state machines with the tag ${tag} cannot be listed: ${name}: ${message}. ` +
        'Give credentials with tag:GetResources and a region, or map operations yourself: -c stateMachines=report=arn:aws:states:…',
      { cause: error },
    );
  }
  return machines;
}
