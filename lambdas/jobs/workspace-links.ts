/** The workspace bucket as those see it who run no steps: is a file there, what is in it, and URLs to fetch or put it with. */
import {
  GetObjectCommand,
  HeadObjectCommand,
  NotFound,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { ResultFile } from '../operations/define-operation.ts';
import type { UploadedFile, UploadRequest } from './job.ts';

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
  readonly #client: S3Client;
  readonly #bucket: string;

  /** @param client that, to sign uploads, adds no checksums of its own: in a URL it would be that of nothing at all */
  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  async has(key: string): Promise<boolean> {
    return (await this.find(key)) !== undefined;
  }

  /** @returns undefined when there is none */
  async find(key: string): Promise<UploadedFile | undefined> {
    try {
      const head = new HeadObjectCommand({ Bucket: this.#bucket, Key: key });
      const { ContentLength = 0, ETag = '' } = await this.#client.send(head);
      return { size: ContentLength, version: ETag };
    } catch (error) {
      if (error instanceof NotFound) return undefined;
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
    return { name, content_type: contentType, size, sha256, ...(await this.#sign(command)) };
  }

  /** For one PUT of whoever has it. When the size is known beforehand, S3 takes no other. */
  linkUpload({ key, size }: UploadRequest['upload']): Promise<UploadLink> {
    return this.#sign(new PutObjectCommand({ Bucket: this.#bucket, Key: key, ContentLength: size }));
  }

  async #sign(command: GetObjectCommand | PutObjectCommand): Promise<UploadLink> {
    const url = await getSignedUrl(this.#client, command, { expiresIn: LINK_SECONDS });
    return { url, url_expires_at: new Date(Date.now() + LINK_SECONDS * 1000).toISOString() };
  }
}
