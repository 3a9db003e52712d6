/** Deletes the deployed stack: what holds jobs and files stays, and all else goes. */
import assert from 'node:assert/strict';
import { CloudFormationClient, DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { LambdaClient, paginateListFunctions } from '@aws-sdk/client-lambda';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { readTemplate, templateFiles } from '../assemblies.ts';
import { jsonRequest } from '../aws-requests.ts';
import { destroy, STACK } from '../deployment.ts';
import type { Report } from '../report.ts';

/** Returns the physical ids of all resources of a type, by type. */
const LISTS: Readonly<Record<string, () => Promise<readonly (string | undefined)[]>>> = {
  'AWS::Cognito::UserPool': async () => {
    const target = 'AWSCognitoIdentityProviderService.ListUserPools';
    const { UserPools } = await jsonRequest<{ readonly UserPools: readonly { readonly Id: string }[] }>(
      'cognito-idp',
      target,
      { MaxResults: 60 },
    );
    return UserPools.map(({ Id }) => Id);
  },
  'AWS::DynamoDB::GlobalTable': async () =>
    (await new DynamoDBClient().send(new ListTablesCommand())).TableNames ?? [],
  'AWS::Lambda::Function': async () => {
    const names: (string | undefined)[] = [];
    for await (const { Functions = [] } of paginateListFunctions({ client: new LambdaClient() }, {}))
      names.push(...Functions.map(({ FunctionName }) => FunctionName));
    return names;
  },
  'AWS::S3::Bucket': async () =>
    ((await new S3Client().send(new ListBucketsCommand())).Buckets ?? []).map(({ Name }) => Name),
  'AWS::SecretsManager::Secret': async () => {
    const { SecretList = [] } = await new SecretsManagerClient().send(new ListSecretsCommand());
    return SecretList.flatMap(({ ARN, Name }) => [ARN, Name]);
  },
  'AWS::SNS::Topic': async () =>
    ((await new SNSClient().send(new ListTopicsCommand())).Topics ?? []).map(({ TopicArn }) => TopicArn),
  'AWS::SQS::Queue': async () => (await new SQSClient().send(new ListQueuesCommand())).QueueUrls ?? [],
  'AWS::StepFunctions::StateMachine': async () =>
    ((await new SFNClient().send(new ListStateMachinesCommand())).stateMachines ?? []).map(
      ({ stateMachineArn }) => stateMachineArn,
    ),
};

/** @param assembly that is deployed @param retained types of which resources stay @param deployed its stack, and what deletes it */
export async function destroyScenario(
  report: Report,
  assembly: string,
  retained: readonly string[],
  deployed = { stack: STACK, destroy: () => destroy(assembly) },
): Promise<void> {
  await report.check(
    `cdk destroy leaves ${retained.map((type) => type.split('::').at(-1)).join(', ')}, and nothing else`,
    async () => {
      const resources = await stackResources(deployed.stack);
      await assertListed(resources);
      const kept = await retainedIds(assembly);
      await deployed.destroy();
      const left = new Set(await remaining(resources));
      const expected = resources.filter(({ logicalId }) => kept.has(logicalId));
      assert.deepEqual([...left].sort(), expected.map(({ physicalId }) => physicalId).sort());
      assert.deepEqual([...new Set(expected.map(({ type }) => type))].sort(), [...retained].sort());
    },
  );
}

interface StackResource {
  readonly type: string;
  readonly logicalId: string;
  readonly physicalId: string;
}

/** @returns the resources of the listed types in the stack and its nested stacks */
async function stackResources(StackName: string): Promise<readonly StackResource[]> {
  const { StackResources = [] } = await new CloudFormationClient().send(
    new DescribeStackResourcesCommand({ StackName }),
  );
  const found: StackResource[] = [];
  for (const { ResourceType = '', LogicalResourceId = '', PhysicalResourceId = '' } of StackResources) {
    if (ResourceType === 'AWS::CloudFormation::Stack')
      found.push(...(await stackResources(PhysicalResourceId)));
    if (LISTS[ResourceType])
      found.push({ type: ResourceType, logicalId: LogicalResourceId, physicalId: PhysicalResourceId });
  }
  return found;
}

/** @throws AssertionError when a resource cannot be found although the stack exists: its absence would prove nothing */
async function assertListed(resources: readonly StackResource[]): Promise<void> {
  assert.deepEqual(
    await remaining(resources),
    resources.map(({ physicalId }) => physicalId),
  );
}

async function remaining(resources: readonly StackResource[]): Promise<readonly string[]> {
  const existing = new Map<string, readonly (string | undefined)[]>();
  for (const [type, list] of Object.entries(LISTS)) existing.set(type, await list());
  return resources
    .filter(({ type, physicalId }) => existing.get(type)?.includes(physicalId))
    .map(({ physicalId }) => physicalId);
}

async function retainedIds(assembly: string): Promise<ReadonlySet<string>> {
  const templates = await Promise.all((await templateFiles(assembly)).map(readTemplate));
  const resources = templates.flatMap(({ Resources }) => Object.entries(Resources));
  return new Set(
    resources.flatMap(([id, { DeletionPolicy = '' }]) => (DeletionPolicy.startsWith('Retain') ? [id] : [])),
  );
}
