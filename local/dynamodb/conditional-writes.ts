/** Adds S3's conditional writes, which fauxqs lacks: for PutObject, and for the source of CopyObject. */
import { randomUUID } from 'node:crypto';
import { copySource } from '../iam/object-calls.ts';
import type { Reply, Wrap } from '../storage/object-routes.ts';

/**
 * Checks `If-Match`, `If-None-Match: *` and `x-amz-copy-source-if-match`. fauxqs's handlers finish their work before their
 * first await, so no request runs between the check and the write.
 */
export const withConditions: Wrap = (put, head) => async (request, reply) => {
  const { headers, params } = request;
  const {
    'if-match': ifMatch,
    'if-none-match': ifNoneMatch,
    'x-amz-copy-source-if-match': ifSourceMatch,
  } = headers;
  const etagOf = (bucket: string, key: string) => head(bucket, key)?.get('etag');
  const etag = ifMatch || ifNoneMatch ? etagOf(params.bucket, params['*']) : undefined;
  if (ifMatch !== undefined && etag === undefined) return refuse(reply, 404, 'NoSuchKey');
  const source = copySource(headers);
  const holds =
    (ifMatch === undefined || etag === ifMatch) &&
    (ifNoneMatch !== '*' || etag === undefined) &&
    (ifSourceMatch === undefined || !source || etagOf(source.bucket, source.key) === ifSourceMatch);
  return holds ? put(request, reply) : refuse(reply, 412, 'PreconditionFailed');
};

function refuse(reply: Reply, status: number, code: string): void {
  reply.header('content-type', 'application/xml');
  reply
    .status(status)
    .send(
      `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>The condition does not hold.</Message><RequestId>${randomUUID()}</RequestId></Error>`,
    );
}
