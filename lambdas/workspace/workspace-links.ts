/** Reads the workspace bucket, writes texts to it, and creates download and upload URLs, without the S3 client. */
import type { ResultFile } from '../definition/operation-definition.ts';
import type { UploadedFile, UploadRequest } from '../jobs/job.ts';
import { BucketRequests, type PresignedRequest } from '../shared/aws/bucket-requests.ts';
import { countUse } from '../shared/usage.ts';

/** A download link of a workspace file. */
export interface FileLink {
  readonly name: string;
  readonly url: string;
  readonly content_type: string;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
  /** Expiry of the URL, ISO 8601. Request a new link after it. */
  readonly url_expires_at: string;
}

/** A file of the workspace in a list. */
export interface ListedFile {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** ISO 8601. */
  readonly updatedAt: string;
}

/** An upload URL for a file that a job waits for. */
export interface UploadLink {
  readonly url: string;
  /** Expiry of the URL, ISO 8601. Start the transfer before it, or request a new URL. */
  readonly url_expires_at: string;
}

/** Long enough to pass a link to another program, short enough to limit the harm of a leaked one. */
const LINK_SECONDS = 15 * 60;

const TEXT = 'text/plain; charset=utf-8';

export class WorkspaceLinks {
  readonly #requests: BucketRequests;

  constructor(bucket: string) {
    this.#requests = new BucketRequests(bucket);
  }

  async has(key: string): Promise<boolean> {
    return (await this.find(key)) !== undefined;
  }

  /** @returns size and version of a file; undefined when it does not exist */
  async find(key: string): Promise<UploadedFile | undefined> {
    const headers = await this.#head(key);
    return headers && { size: Number(headers.get('content-length')), version: headers.get('etag') ?? '' };
  }

  /**
   * Lists files by key.
   * @param after list the keys after this one; `next` of the page before
   * @throws Error, and the signal's reason when it aborts
   */
  async list(
    prefix: string,
    {
      limit,
      after = '',
      signal,
    }: { readonly limit: number; readonly after?: string; readonly signal?: AbortSignal },
  ): Promise<{ readonly files: readonly ListedFile[]; readonly next?: string }> {
    const query = {
      prefix,
      'max-keys': `${limit}`,
      ...(after && { 'start-after': after }),
    };
    countUse('puts');
    const xml = await expectOk(await this.#requests.list(query, signal), prefix).text();
    const files = [...xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)].map(([, contents = '']) => ({
      key: unescapeXml(textOf(contents, 'Key')),
      size: Number(textOf(contents, 'Size')),
      updatedAt: textOf(contents, 'LastModified'),
    }));
    const next = textOf(xml, 'IsTruncated') === 'true' ? files.at(-1)?.key : undefined;
    return { files, ...(next !== undefined && { next }) };
  }

  /**
   * Reads the bytes of a file from `start`, inclusive, to `end`, exclusive. Both must be inside the file.
   * @throws Error, and the signal's reason when it aborts
   */
  async read(key: string, start: number, end: number, signal?: AbortSignal): Promise<Buffer> {
    countUse('gets');
    const headers = { range: `bytes=${start}-${end - 1}` };
    const response = await this.#requests.fetch(key, { headers, ...(signal && { signal }) });
    return Buffer.from(await expectOk(response, key).arrayBuffer());
  }

  /** Writes a text file. @throws Error, and the signal's reason when it aborts */
  async putText(key: string, bytes: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<void> {
    countUse('puts');
    const headers = { 'content-type': TEXT };
    expectOk(await this.#requests.fetch(key, { method: 'PUT', body: bytes, headers, signal }), key);
  }

  /** Signs a download URL without a call to AWS. Anyone with the URL can use it until it expires. */
  async link({ key, name, contentType, size, sha256 }: ResultFile): Promise<FileLink> {
    const query = { 'response-content-disposition': `attachment; filename="${name}"` };
    const signed = await this.#sign({ method: 'GET', key, query });
    return { name, content_type: contentType, size, sha256, ...signed };
  }

  /** Signs a URL for one PUT by anyone who has it. With a known size, S3 rejects any other size. */
  linkUpload({ key, size }: UploadRequest['upload']): Promise<UploadLink> {
    const headers = size === undefined ? undefined : { 'content-length': String(size) };
    return this.#sign({ method: 'PUT', key, headers });
  }

  async #head(key: string): Promise<Headers | undefined> {
    const response = await this.#requests.fetch(key, { method: 'HEAD' });
    return response.status === 404 ? undefined : expectOk(response, key).headers;
  }

  async #sign(request: Omit<PresignedRequest, 'seconds'>): Promise<UploadLink> {
    const url = await this.#requests.presign({ ...request, seconds: LINK_SECONDS });
    return { url, url_expires_at: new Date(Date.now() + LINK_SECONDS * 1000).toISOString() };
  }
}

/** @returns the text of the first such element; empty without one */
function textOf(xml: string, element: string): string {
  return new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1] ?? '';
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', apos: "'", gt: '>', lt: '<', quot: '"' };

function unescapeXml(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-fA-F]+)|(\w+));/g, (entity, decimal, hex, name) => {
    if (name) return ENTITIES[name] ?? entity;
    return String.fromCodePoint(decimal ? Number(decimal) : Number.parseInt(hex, 16));
  });
}

function expectOk(response: Response, key: string): Response {
  if (response.ok) return response;
  throw new Error(`S3 responded with ${response.status} ${response.statusText} for ${key}.`);
}
