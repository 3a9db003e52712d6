/** Refuses updates that AWS refuses, and those of resources that hold data or that the local cloud connects only at its start. */
import { isDeepStrictEqual } from 'node:util';
import { checkPathParts } from '../apigateway/check-path-parts.ts';
import type { Template } from './assembly.ts';

const FIXED_TYPES: ReadonlySet<string> = new Set([
  'AWS::DynamoDB::GlobalTable',
  'AWS::DynamoDB::Table',
  'AWS::Lambda::EventSourceMapping',
  'AWS::S3::Bucket',
  'AWS::SNS::Subscription',
  'AWS::SNS::Topic',
  'AWS::SQS::Queue',
  'AWS::SecretsManager::Secret',
]);

/** @throws Error naming the first such resource that the update adds, changes or removes */
export function checkUpdate(before: Template, after: Template): void {
  checkPathParts(before.Resources, after.Resources);
  for (const logicalId of Object.keys({ ...before.Resources, ...after.Resources })) {
    const [earlier, later] = [before.Resources[logicalId], after.Resources[logicalId]];
    const type = (later ?? earlier)?.Type ?? '';
    if (!FIXED_TYPES.has(type) || isDeepStrictEqual(earlier?.Properties, later?.Properties)) continue;
    throw new Error(
      `The update changes ${logicalId} (${type}), which the local cloud cannot do while it runs: close it, and start it with the new assembly.`,
    );
  }
}
