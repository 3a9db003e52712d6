/** S3's conditional writes, which fauxqs does not know: of PutObject, and of CopyObject by what it copies. */
import { randomUUID } from 'node:crypto';
import { copySource } from '../iam/object-calls.ts';
import type { Reply, Wrap } from '../storage/object-routes.ts';

/**
 * `If-Match`, `If-None-Match: *` and `x-amz-copy-source-if-match`. fauxqs's handlers do all they do before they first
 * wait: so nothing comes between looking at an object and replacing or copying it.
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
