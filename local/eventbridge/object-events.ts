/** Creates S3's EventBridge events for objects that are put, copied or uploaded in parts, in buckets that enable them. */

import type { Request, Wrap } from '../storage/object-routes.ts';
import type { Template } from '../template/assembly.ts';
import type { Resolve } from '../template/intrinsics.ts';
import { resourcesOf } from '../template/stack-resources.ts';
import type { AwsEvent } from './event-rules.ts';

export interface CreatedObject {
  readonly bucket: string;
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly etag: string;
  readonly reason: 'PutObject' | 'CopyObject' | 'CompleteMultipartUpload';
}

/** @param onCreated receives each object after it is stored */
export function withObjectEvents(onCreated: (object: CreatedObject) => void): Wrap {
  return (handler, head) => async (request, reply) => {
    await handler(request, reply);
    const { bucket, '*': key } = request.params;
    const reason = reasonOf(request);
    if (reply.statusCode !== 200 || !key || !reason) return;
    const headers = head(bucket, key);
    if (!headers) return;
    const etag = headers.get('etag')?.replaceAll('"', '') ?? '';
    onCreated({ bucket, key, size: Number(headers.get('content-length')), etag, reason });
  };
}

/** @returns undefined for a request that creates no object: a part, the start of a multipart upload, a deletion */
function reasonOf({ headers, query }: Request): CreatedObject['reason'] | undefined {
  if ('uploadId' in query) return 'partNumber' in query ? undefined : 'CompleteMultipartUpload';
  if ('renameObject' in query || 'uploads' in query || 'delete' in query) return undefined;
  return headers['x-amz-copy-source'] === undefined ? 'PutObject' : 'CopyObject';
}

interface BucketProperties {
  readonly NotificationConfiguration?: {
    readonly EventBridgeConfiguration?: { readonly EventBridgeEnabled?: boolean | string };
  };
}

/** @returns the event of an object; undefined when its bucket does not send events */
export function createObjectEvents(
  template: Template,
  resolve: Resolve,
): (object: CreatedObject) => AwsEvent | undefined {
  const buckets = resourcesOf<BucketProperties>(
    template,
    resolve,
    ['AWS::S3::Bucket'],
    ['NotificationConfiguration'],
  );
  const sendingBuckets = new Set(
    [...buckets].flatMap(([name, { NotificationConfiguration }]) =>
      String(NotificationConfiguration?.EventBridgeConfiguration?.EventBridgeEnabled) === 'true' ? name : [],
    ),
  );
  return ({ bucket, key, size, etag, reason }) =>
    sendingBuckets.has(bucket)
      ? {
          source: 'aws.s3',
          'detail-type': 'Object Created',
          detail: { version: '0', bucket: { name: bucket }, object: { key, size, etag }, reason },
        }
      : undefined;
}
