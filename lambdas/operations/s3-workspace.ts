/** The workspace of the operations on S3. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { AppError, ErrorCode } from '../shared/errors.ts';
import type { Workspace } from './step.ts';

export class S3Workspace implements Workspace {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  /** @throws `missing`, `tooLarge`, the signal's reason, or AppError WORKSPACE_UNAVAILABLE. Then there is no file. */
  async download(
    key: string,
    file: string,
    { signal, maxBytes, missing, tooLarge }: Parameters<Workspace['download']>[2],
  ): Promise<{ readonly size: number }> {
    try {
      const { Body, ContentLength } = await this.#client.send(
        new GetObjectCommand({ Bucket: this.#bucket, Key: key }),
        { abortSignal: signal },
      );
      const body = Body as Readable;
      // S3 always says how long an object is; one of unknown length is not known to fit.
      const size = ContentLength ?? Number.POSITIVE_INFINITY;
      if (size > maxBytes) {
        body.destroy();
        throw tooLarge;
      }
      await pipeline(body, createWriteStream(file, { mode: 0o600 }), { signal });
      return { size };
    } catch (error) {
      await rm(file, { force: true });
      if (error === tooLarge) throw error;
      if (error instanceof NoSuchKey) throw missing;
      throw failure('read', key, error, signal);
    }
  }

  /** @throws the signal's reason, or AppError WORKSPACE_UNAVAILABLE. */
  async upload(
    key: string,
    file: string,
    { signal, contentType }: Parameters<Workspace['upload']>[2],
  ): Promise<{ readonly size: number; readonly sha256: string }> {
    let body: Readable | undefined;
    try {
      const { size } = await stat(file);
      const hash = createHash('sha256');
      await pipeline(createReadStream(file), hash, { signal });
      const digest = hash.digest();
      body = createReadStream(file);
      await this.#client.send(
        new PutObjectCommand({
          Bucket: this.#bucket,
          Key: key,
          Body: body,
          ContentLength: size,
          ContentType: contentType,
          // S3 refuses what arrived otherwise; the SDK would compute a checksum of its own if there were none.
          ChecksumSHA256: digest.toString('base64'),
        }),
        { abortSignal: signal },
      );
      return { size, sha256: digest.toString('hex') };
    } catch (error) {
      throw failure('written', key, error, signal);
    } finally {
      body?.destroy();
    }
  }
}

/**
 * The SDK tries a request again, but not once its body has begun to flow, in either direction: that is left to the
 * step's retries. What S3 answers with 4xx stays as it is, for another try changes nothing about it.
 */
function failure(done: 'read' | 'written', key: string, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  if (status !== undefined && status < 500 && status !== 429) return error;
  return new AppError(ErrorCode.workspaceUnavailable, `The workspace object ${key} could not be ${done}.`, {
    retryable: true,
    cause: error,
  });
}
