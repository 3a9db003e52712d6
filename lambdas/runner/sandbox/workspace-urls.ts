/** Time-limited URLs of single workspace files, for who has no credentials. */
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

export class WorkspaceUrls {
  readonly #client: S3Client;
  readonly #bucket: string;

  /** @param client that adds no checksums of its own: in a URL it would be that of nothing at all */
  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  /** Signed here, without a call to AWS. */
  read(key: string, expiresIn: number): Promise<string> {
    return getSignedUrl(this.#client, new GetObjectCommand({ Bucket: this.#bucket, Key: key }), {
      expiresIn,
    });
  }

  write(key: string, expiresIn: number): Promise<string> {
    return getSignedUrl(this.#client, new PutObjectCommand({ Bucket: this.#bucket, Key: key }), {
      expiresIn,
    });
  }

  async put(key: string, text: string): Promise<void> {
    await this.#client.send(new PutObjectCommand({ Bucket: this.#bucket, Key: key, Body: text }));
  }
}
