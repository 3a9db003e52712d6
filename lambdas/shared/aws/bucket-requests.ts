/**
 * Signs requests to one S3 bucket and presigns URLs for clients. The S3 client with its presigner would add 140 KB to
 * load; functions that move files use it.
 */
import { type AwsClient, AwsV4Signer } from 'aws4fetch';
import { awsClient, endpointOverride, regionalHost } from './signed-fetch.ts';

/** A request to presign. */
export interface PresignedRequest {
  readonly method: 'GET' | 'PUT';
  readonly key: string;
  /** Lifetime of the URL. */
  readonly seconds: number;
  /** Query parameters for S3. */
  readonly query?: Readonly<Record<string, string>>;
  /** Headers that the user of the URL must send exactly. */
  readonly headers?: Readonly<Record<string, string>>;
}

export class BucketRequests {
  readonly #bucket: string;
  #client: AwsClient | undefined;

  constructor(bucket: string) {
    this.#bucket = bucket;
  }

  /** Sends a signed request. Retries throttled and failed requests three times. */
  fetch(key: string, init: RequestInit): Promise<Response> {
    return this.#aws.fetch(this.#url(key), init);
  }

  /** Sends a signed `ListObjectsV2` request. */
  list(query: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<Response> {
    const url = `${this.#url('')}?${new URLSearchParams({ 'list-type': '2', ...query })}`;
    return this.#aws.fetch(url, signal && { signal });
  }

  /** Signs without a call to AWS. The URL expires with the credentials of this function if they expire earlier. */
  async presign({ method, key, seconds, query = {}, headers = {} }: PresignedRequest): Promise<string> {
    const url = new URL(this.#url(key));
    url.search = new URLSearchParams({ ...query, 'X-Amz-Expires': String(seconds) }).toString();
    const signer = new AwsV4Signer({
      // Includes headers that signatures omit by default, such as the content length.
      ...this.#aws,
      method,
      url: url.href,
      headers,
      signQuery: true,
      allHeaders: true,
    });
    const signed = await signer.sign();
    // Signatures do not accept the form encoding of a space.
    return signed.url.href.replaceAll('+', '%20');
  }

  get #aws(): AwsClient {
    this.#client ??= awsClient('s3');
    return this.#client;
  }

  #url(key: string): string {
    const override = endpointOverride('s3');
    const root = override ? `${override}/${this.#bucket}` : `https://${this.#bucket}.${regionalHost('s3')}`;
    return `${root}/${key.split('/').map(encodeURIComponent).join('/')}`;
  }
}
