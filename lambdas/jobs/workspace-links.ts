/** The workspace bucket as those see it who answer callers: is a file there, what is in it, and a URL to fetch it with. */
import { GetObjectCommand, HeadObjectCommand, NotFound, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { ResultFile } from '../operations/define-operation.ts';

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

/** Long enough to hand a link to another program, short enough for one that leaks. */
const LINK_SECONDS = 15 * 60;

export class WorkspaceLinks {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  async has(key: string): Promise<boolean> {
    try {
      await this.#client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key: key }));
      return true;
    } catch (error) {
      if (error instanceof NotFound) return false;
      throw error;
    }
  }

  /** Bytes of a file, from `start` to before `end`, both inside it. */
  async read(key: string, start: number, end: number): Promise<Buffer> {
    const range = new GetObjectCommand({
      Bucket: this.#bucket,
      Key: key,
      Range: `bytes=${start}-${end - 1}`,
    });
    const { Body } = await this.#client.send(range);
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  }

  /** Signed here, without a call to AWS; it works for whoever has it until it expires. */
  async link({ key, name, contentType, size, sha256 }: ResultFile): Promise<FileLink> {
    const command = new GetObjectCommand({
      Bucket: this.#bucket,
      Key: key,
      ResponseContentDisposition: `attachment; filename="${name}"`,
    });
    const url = await getSignedUrl(this.#client, command, { expiresIn: LINK_SECONDS });
    const url_expires_at = new Date(Date.now() + LINK_SECONDS * 1000).toISOString();
    return { name, url, content_type: contentType, size, sha256, url_expires_at };
  }
}
