/** The workspace bucket as those see it who run no steps: is a file there, what is in it, and URLs to fetch or put it with. */
import type { ResultFile } from '../definition/operation-definition.ts';
import type { UploadedFile, UploadRequest } from '../jobs/job.ts';
import { BucketRequests, type PresignedRequest } from '../shared/aws/bucket-requests.ts';

/** A workspace file as a caller gets it. */
export interface FileLink {
  readonly name: string;
  readonly url: string;
  readonly content_type: string;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
  /** ISO 8601: the URL stops working then; ask for another. */
  readonly url_expires_at: string;
}

/** Where a file is to be put that a job waits for. */
export interface UploadLink {
  readonly url: string;
  /** ISO 8601: a transfer has to begin before; ask for another. */
  readonly url_expires_at: string;
}

/** Long enough to hand a link to another program, short enough for one that leaks. */
const LINK_SECONDS = 15 * 60;

export class WorkspaceLinks {
  readonly #requests: BucketRequests;

  constructor(bucket: string) {
    this.#requests = new BucketRequests(bucket);
  }

  async has(key: string): Promise<boolean> {
    return (await this.find(key)) !== undefined;
  }

  /** @returns undefined when there is none */
  async find(key: string): Promise<UploadedFile | undefined> {
    const response = await this.#requests.fetch(key, { method: 'HEAD' });
    if (response.status === 404) return undefined;
    const { headers } = expectOk(response, key);
    return { size: Number(headers.get('content-length')), version: headers.get('etag') ?? '' };
  }

  /** Bytes of a file, from `start` to before `end`, both inside it. */
  async read(key: string, start: number, end: number): Promise<Buffer> {
    const headers = { range: `bytes=${start}-${end - 1}` };
    const response = await this.#requests.fetch(key, { headers });
    return Buffer.from(await expectOk(response, key).arrayBuffer());
  }

  /** Signed here, without a call to AWS; it works for whoever has it until it expires. */
  async link({ key, name, contentType, size, sha256 }: ResultFile): Promise<FileLink> {
    const query = { 'response-content-disposition': `attachment; filename="${name}"` };
    const signed = await this.#sign({ method: 'GET', key, query });
    return { name, content_type: contentType, size, sha256, ...signed };
  }

  /** For one PUT of whoever has it. When the size is known beforehand, S3 takes no other. */
  linkUpload({ key, size }: UploadRequest['upload']): Promise<UploadLink> {
    const headers = size === undefined ? undefined : { 'content-length': String(size) };
    return this.#sign({ method: 'PUT', key, headers });
  }

  async #sign(request: Omit<PresignedRequest, 'seconds'>): Promise<UploadLink> {
    const url = await this.#requests.presign({ ...request, seconds: LINK_SECONDS });
    return { url, url_expires_at: new Date(Date.now() + LINK_SECONDS * 1000).toISOString() };
  }
}

function expectOk(response: Response, key: string): Response {
  if (response.ok) return response;
  throw new Error(`S3 answered ${response.status} ${response.statusText} for ${key}.`);
}
