/** Reads resource policies of the template: those of buckets, queues, topics and secrets. */

import { arn } from '../shared/aws-names.ts';
import type { Template } from '../template/assembly.ts';
import type { Resolve } from '../template/intrinsics.ts';
import { compilePolicy, type PolicyDocument, type Rule } from './statements.ts';

interface PolicyType {
  /** The property with the resource that the policy is attached to. */
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

/** @param url of a queue, or a suffix of one: its last segment is the queue's name */
export function queueArn(url: string): string {
  return arn('sqs', url.split('/').filter(Boolean).at(-1) ?? '');
}

/** @returns a function from an ARN to the rules of that resource. @throws Error for a statement that is not supported here */
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

/** Returns the bucket ARN of a bucket or object ARN. */
function bucketOf(resource: string): string | undefined {
  return /^arn:aws:s3:::[^/]+/.exec(resource)?.[0];
}
