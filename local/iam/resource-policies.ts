/** The policies that resources of the template have themselves: of buckets, queues, topics and secrets. */

import { arn } from '../shared/aws-names.ts';
import type { Template } from '../template/assembly.ts';
import type { Resolve } from '../template/intrinsics.ts';
import { compilePolicy, type PolicyDocument, type Rule } from './statements.ts';

interface PolicyType {
  /** The property that names what the policy is attached to. */
  readonly attachedTo: string;
  readonly document: string;
  arnOf(name: string): string;
}

const itself = (name: string) => name;

const POLICY_TYPES: Readonly<Record<string, PolicyType>> = {
  'AWS::S3::BucketPolicy': {
    attachedTo: 'Bucket',
    document: 'PolicyDocument',
    arnOf: (bucket) => `arn:aws:s3:::${bucket}`,
  },
  'AWS::SQS::QueuePolicy': { attachedTo: 'Queues', document: 'PolicyDocument', arnOf: queueArn },
  'AWS::SNS::TopicPolicy': { attachedTo: 'Topics', document: 'PolicyDocument', arnOf: itself },
  'AWS::SecretsManager::ResourcePolicy': {
    attachedTo: 'SecretId',
    document: 'ResourcePolicy',
    arnOf: itself,
  },
};

/** @param url or the end of one: its last segment is the queue's name. */
export function queueArn(url: string): string {
  return arn('sqs', url.split('/').filter(Boolean).at(-1) ?? '');
}

/** @returns the rules that the resource of an ARN has itself. @throws Error for a statement with what is unknown here */
export function createResourcePolicies(
  template: Template,
  resolve: Resolve,
): (arn: string) => readonly Rule[] {
  const rules = new Map<string, Rule[]>();
  for (const [logicalId, { Type, Properties = {} }] of Object.entries(template.Resources)) {
    const policyType = POLICY_TYPES[Type];
    if (!policyType) continue;
    const { attachedTo, document, arnOf } = policyType;
    const compiled = compilePolicy(
      `Policy ${logicalId}`,
      'resource',
      resolve(Properties[document]) as PolicyDocument,
    );
    for (const name of [resolve(Properties[attachedTo])].flat()) {
      const attached = arnOf(String(name));
      rules.set(attached, [...(rules.get(attached) ?? []), ...compiled]);
    }
  }
  return (resource) => rules.get(bucketOf(resource) ?? resource) ?? [];
}

/** The bucket that an object's ARN begins with, or the bucket itself. */
function bucketOf(resource: string): string | undefined {
  return /^arn:aws:s3:::[^/]+/.exec(resource)?.[0];
}
