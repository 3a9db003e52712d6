/** State machines found by a tag, whose value is the name of an operation: asked of AWS while the app is synthesized. */
import type { Node } from 'constructs';

const KEY = 'stateMachineTag';

/**
 * Asks once for all of them, a hundred a page, if the CDK context names a tag; else, or when no operation has a state
 * machine of the operator's, it asks nothing.
 * @param names of the operations that have state machines of the operator's
 * @returns by operation: the ARN of its state machine
 * @throws Error that names the key of the CDK context and the remedy: for two machines of one operation, and when AWS refuses
 */
export async function findTaggedMachines(
  node: Node,
  names: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const tag: unknown = node.tryGetContext(KEY);
  if (tag === undefined || names.length === 0) return {};
  const found: Record<string, string> = {};
  for (const { arn, value } of await listTagged(String(tag))) {
    // Another stack, with other operations, may look for the same tag.
    if (!names.includes(value)) continue;
    const other = found[value];
    if (other !== undefined) {
      throw new Error(
        `${KEY}: operation "${value}" has two state machines with the tag ${tag}, ${other} and ${arn}. Take it from one of them.`,
      );
    }
    found[value] = arn;
  }
  return found;
}

async function listTagged(tag: string): Promise<readonly { readonly arn: string; readonly value: string }[]> {
  // Loaded by who asks for it.
  const { ResourceGroupsTaggingAPIClient, paginateGetResources } = await import(
    '@aws-sdk/client-resource-groups-tagging-api'
  );
  // The CDK CLI says where the stack goes; without it, the SDK knows.
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
      `${KEY}: AWS did not say which state machines have the tag ${tag}: ${name}: ${message} ` +
        'Give credentials and a region that may call tag:GetResources, or map operations yourself: -c stateMachines=report=arn:aws:states:…',
      { cause: error },
    );
  }
  return machines;
}
