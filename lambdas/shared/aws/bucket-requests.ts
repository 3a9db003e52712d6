/**
 * Requests to one bucket of S3, and URLs for others to make them with, signed here: its client, with the presigner, would
 * be 140 KB to load, and is for functions that move files.
 */
import { type AwsClient, AwsV4Signer } from 'aws4fetch';
import { requiredEnv } from '../env.ts';
import { awsClient, endpointOverride } from './signed-fetch.ts';

export interface PresignedRequest {
  readonly method: 'GET' | 'PUT';
  readonly key: string;
  /** For how long the URL is to work. */
  readonly seconds: number;
  /** What S3 is asked beside the file itself, by parameter. */
  readonly query?: Readonly<Record<string, string>>;
  /** Whoever uses the URL has to send just these. */
  readonly headers?: Readonly<Record<string, string>>;
}

export class BucketRequests {
  readonly #bucket: string;
  #client: AwsClient | undefined;

  constructor(bucket: string) {
    this.#bucket = bucket;
  }

  /** What throttles or fails is tried again, three times. */
  fetch(key: string, init: RequestInit): Promise<Response> {
    return this.#aws.fetch(this.#url(key), init);
  }

  /** Signed without a call to AWS; it ends with the credentials of this function, if these end sooner. */
  async presign({ method, key, seconds, query = {}, headers = {} }: PresignedRequest): Promise<string> {
    const url = new URL(this.#url(key));
    url.search = new URLSearchParams({ ...query, 'X-Amz-Expires': String(seconds) }).toString();
    const signer = new AwsV4Signer({
      // Also those headers that are left out of other signatures, such as the length.
      ...this.#aws,
      method,
      url: url.href,
      headers,
      signQuery: true,
      allHeaders: true,
    });
    const signed = await signer.sign();
    // A form's way to write a space, which a signature does not know.
    return signed.url.href.replaceAll('+', '%20');
  }

  get #aws(): AwsClient {
    this.#client ??= awsClient('s3');
    return this.#client;
  }

  #url(key: string): string {
    const override = endpointOverride('s3');
    const root = override
      ? `${override}/${this.#bucket}`
      : `https://${this.#bucket}.s3.${requiredEnv('AWS_REGION')}.amazonaws.com`;
    return `${root}/${key.split('/').map(encodeURIComponent).join('/')}`;
  }
}
