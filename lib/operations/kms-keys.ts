/** Reads the customer managed KMS keys of existing tables and connections, and grants their use through one AWS service. */
import { Aws } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Node } from 'constructs';

const KEY = 'kmsKeys';
/** IAM policies name keys by their id: an alias would match nothing. */
const KEY_ARN = /^arn:aws[\w-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/;

/** Reads `kmsKeys` of the CDK context. @throws Error naming the key, the value and the remedy */
export function readKmsKeys(node: Node): readonly string[] {
  const value: unknown = node.tryGetContext(KEY) ?? '';
  const arns = String(value)
    .split(',')
    .map((arn) => arn.trim())
    .filter((arn) => arn !== '');
  const invalid = arns.find((arn) => !KEY_ARN.test(arn));
  if (invalid === undefined) return arns;
  throw new Error(
    `${KEY}: "${invalid}" is not the ARN of a key. Give ARNs of keys, not of aliases, separated by commas: ` +
      `-c ${KEY}=arn:aws:kms:eu-central-1:111122223333:key/11112222-3333-4444-5555-666677778888`,
  );
}

/** Returns a statement that allows what DynamoDB does with the key of a table on behalf of a caller that changes items. */
export function tableKeysStatement(keys: readonly string[]): PolicyStatement {
  return new PolicyStatement({
    actions: ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
    resources: [...keys],
    conditions: { StringEquals: { 'kms:ViaService': `dynamodb.${Aws.REGION}.${Aws.URL_SUFFIX}` } },
  });
}

/** Returns a statement that allows to read secrets. @param secretArns ARNs with wildcards */
export function secretKeysStatement(keys: readonly string[], secretArns: readonly string[]): PolicyStatement {
  return new PolicyStatement({
    actions: ['kms:Decrypt'],
    resources: [...keys],
    conditions: {
      StringEquals: { 'kms:ViaService': `secretsmanager.${Aws.REGION}.${Aws.URL_SUFFIX}` },
      StringLike: { 'kms:EncryptionContext:SecretARN': [...secretArns] },
    },
  });
}
