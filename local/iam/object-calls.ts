/** Maps requests to S3 to IAM calls, with the same reading of method, path and query as the local S3. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Call } from './statements.ts';

export interface ObjectRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** The body of a request that names objects in it. */
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
      return [...copySourceCalls(headers), ...on('PutObject')];
    case 'DELETE object':
      return on(query.get('uploadId') ? 'AbortMultipartUpload' : 'DeleteObject');
    case 'POST object':
      if (query.has('uploads') || query.get('uploadId')) return on('PutObject');
      return deleteCalls(bucket, body);
    case 'POST bucket':
      // A browser form contains the key at any place: require permission to put every object.
      if (isForm(headers)) return [call('PutObject', bucket, '*')];
      return deleteCalls(bucket, body);
    default:
      return on(method);
  }
}

/** Returns the bucket of a read object. Callers without permission to list it do not learn that an object is missing. */
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

function copySourceCalls(headers: IncomingHttpHeaders): Call[] {
  const source = copySource(headers);
  return source ? [call('GetObject', source.bucket, source.key)] : [];
}

/** Returns the source of CopyObject; undefined for other requests. */
export function copySource(headers: IncomingHttpHeaders): { bucket: string; key: string } | undefined {
  const source = headers['x-amz-copy-source'];
  if (source === undefined) return undefined;
  const [bucket = '', ...key] = decodeURIComponent(String(source)).replace(/^\//, '').split('/');
  return { bucket, key: key.join('/') };
}

/** Returns a call for each object that `DeleteObjects` names in its XML. */
function deleteCalls(bucket: string, body: unknown): Call[] {
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
