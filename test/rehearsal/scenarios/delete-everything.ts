/** Deletes what `cdk destroy` leaves, and deploys again, as docs/guides/operations-guide.md says. */
import { DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteBucketCommand,
  DeleteObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { DeleteSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { deploy } from '../deployment.ts';
import type { Report } from '../report.ts';
import { physicalIds } from '../stack-resources.ts';

/** Physical ids of the resources that the stack retains. */
export interface Retained {
  readonly tables: readonly string[];
  readonly buckets: readonly string[];
  readonly secrets: readonly string[];
}

/** Reads them from the stack, while it exists. */
export async function retainedResources(): Promise<Retained> {
  return {
    tables: [
      ...(await physicalIds('AWS::DynamoDB::GlobalTable', 'Jobs')),
      ...(await physicalIds('AWS::DynamoDB::GlobalTable', 'Endpoints')),
    ],
    buckets: await physicalIds('AWS::S3::Bucket', 'Workspace'),
    secrets: await physicalIds('AWS::SecretsManager::Secret', 'SealingSecret'),
  };
}

/** @param assembly that is deployed again */
export async function deleteEverything(report: Report, assembly: string, retained: Retained): Promise<void> {
  await report.check('what stays can be deleted, and the app deploys again', async () => {
    const { tables, buckets, secrets } = retained;
    for (const TableName of tables) await new DynamoDBClient().send(new DeleteTableCommand({ TableName }));
    for (const bucket of buckets) await deleteBucket(bucket);
    for (const SecretId of secrets)
      await new SecretsManagerClient().send(
        new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }),
      );
    await deploy(assembly);
  });
}

async function deleteBucket(Bucket: string): Promise<void> {
  const client = new S3Client({ forcePathStyle: true });
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket }))
    for (const { Key } of Contents) await client.send(new DeleteObjectCommand({ Bucket, Key }));
  await client.send(new DeleteBucketCommand({ Bucket }));
}
