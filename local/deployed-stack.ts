/** Reads the outputs of a deployed stack. */

interface CloudFormation {
  readonly CloudFormationClient: new (
    options: object,
  ) => { send(command: object): Promise<StackDescriptions> };
  readonly DescribeStacksCommand: new (input: { StackName: string }) => object;
}
interface StackDescriptions {
  readonly Stacks?: { readonly Outputs?: { readonly OutputKey?: string; readonly OutputValue?: string }[] }[];
}

/** @throws Error (the SDK's own) when there is no such stack, or nobody is signed in. */
export async function deployedOutputs(stackName: string): Promise<Record<string, string>> {
  const module: string = '@aws-sdk/client-cloudformation';
  const { CloudFormationClient, DescribeStacksCommand } = (await import(module)) as CloudFormation;
  const { Stacks } = await new CloudFormationClient({}).send(
    new DescribeStacksCommand({ StackName: stackName }),
  );
  const outputs = Stacks?.[0]?.Outputs ?? [];
  return Object.fromEntries(outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));
}
