/** What a request to S3 does, and to which bucket and objects: by what the local S3 makes of method, path and query. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Call } from './statements.ts';

export interface ObjectRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Of a request that names objects in its body. */
  readonly body: unknown;
}

interface Target {
  readonly bucket: string;
  /** Empty for the bucket itself. */
  readonly key: string;
  readonly query: URLSearchParams;
}

export function objectCalls({ method, url, headers, body }: ObjectRequest): Call[] {
  const { bucket, key, query } = targetOf(url);
  if (!bucket) return [{ action: 's3:ListAllMyBuckets', resource: '*' }];
  const on = (...actions: string[]) => actions.map((action) => call(action, bucket, key));
  switch (key ? `${method} object` : `${method} bucket`) {
    case 'GET bucket':
      return on(query.has('lifecycle') ? 'GetLifecycleConfiguration' : 'ListBucket');
    case 'HEAD bucket':
      return on('ListBucket');
    case 'PUT bucket':
      return on(query.has('lifecycle') ? 'PutLifecycleConfiguration' : 'CreateBucket');
    case 'DELETE bucket':
      return on(query.has('lifecycle') ? 'PutLifecycleConfiguration' : 'DeleteBucket');
    case 'GET object':
      return on('GetObject', ...(query.has('attributes') ? ['GetObjectAttributes'] : []));
    case 'HEAD object':
      return on('GetObject');
    case 'PUT object':
      if (query.has('renameObject')) return on('RenameObject');
      return [...copied(headers), ...on('PutObject')];
    case 'DELETE object':
      return on(query.get('uploadId') ? 'AbortMultipartUpload' : 'DeleteObject');
    case 'POST object':
      if (query.has('uploads') || query.get('uploadId')) return on('PutObject');
      return deleted(bucket, body);
    case 'POST bucket':
      // The form of a browser names the key somewhere in it: whoever may put every object may post.
      if (isForm(headers)) return [call('PutObject', bucket, '*')];
      return deleted(bucket, body);
    default:
      return on(method);
  }
}

/** The bucket of an object that is read. Without the right to list it, nobody learns that there is no such object. */
export function bucketRead({ method, url, headers }: ObjectRequest): string | undefined {
  const { bucket, key } = targetOf(url);
  if (key && (method === 'GET' || method === 'HEAD')) return bucket;
  return method === 'PUT' ? copySource(headers)?.bucket : undefined;
}

export function listBucket(bucket: string): Call {
  return call('ListBucket', bucket, '');
}

function call(action: string, bucket: string, key: string): Call {
  return { action: `s3:${action}`, resource: `arn:aws:s3:::${bucket}${key && `/${key}`}` };
}

function targetOf(url: string): Target {
  const [, path = '', query = ''] = /^\/([^?#]*)[?#]?(.*)$/s.exec(url) ?? [];
  const [bucket = '', ...key] = path.split('/');
  return {
    bucket: decodeURIComponent(bucket),
    key: decodeURIComponent(key.join('/')),
    query: new URLSearchParams(query),
  };
}

function copied(headers: IncomingHttpHeaders): Call[] {
  const source = copySource(headers);
  return source ? [call('GetObject', source.bucket, source.key)] : [];
}

/** What CopyObject copies; undefined for a request that copies nothing. */
export function copySource(headers: IncomingHttpHeaders): { bucket: string; key: string } | undefined {
  const source = headers['x-amz-copy-source'];
  if (source === undefined) return undefined;
  const [bucket = '', ...key] = decodeURIComponent(String(source)).replace(/^\//, '').split('/');
  return { bucket, key: key.join('/') };
}

/** Those that `DeleteObjects` names in its XML. */
function deleted(bucket: string, body: unknown): Call[] {
  const keys = [...String(body).matchAll(/<Key>(.*?)<\/Key>/gs)].map(([, key = '']) => unescapeXml(key));
  return (keys.length > 0 ? keys : ['*']).map((key) => call('DeleteObject', bucket, key));
}

function isForm(headers: IncomingHttpHeaders): boolean {
  return headers['content-type']?.toLowerCase().includes('multipart/form-data') ?? false;
}

function unescapeXml(text: string): string {
  const characters: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return text.replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => characters[name] ?? '');
}
