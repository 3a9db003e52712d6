/** Signs time-limited URLs of workspace files for functions without credentials. */
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

export class WorkspaceUrls {
  readonly #client: S3Client;
  readonly #bucket: string;

  /** @param client must not add checksums: a presigned URL would contain the checksum of an empty body */
  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  /** Signs a download URL without a call to AWS. @param expiresIn seconds */
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
}
