/** Implements the workspace on S3. */
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { FileDigest, VersionedObject, VersionedText, Workspace } from '../definition/step-context.ts';
import { AppError, ErrorCode } from '../shared/errors.ts';
import { countUse } from '../shared/usage.ts';
import { countStored } from './count-stored.ts';
import { digestOf, writeDigested } from './digest.ts';

/** Errors of a conditional request that lost a race. A deleted object counts as changed. */
const LOST_RACE = ['PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey'];

/** Copies in progress at the same time. */
const COPIES_AT_ONCE = 8;

export class S3Workspace implements Workspace {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  /** @throws the signal's reason, or AppError WORKSPACE_UNAVAILABLE. */
  async size(key: string, signal: AbortSignal): Promise<number | undefined> {
    try {
      countUse('gets');
      const head = new HeadObjectCommand({ Bucket: this.#bucket, Key: key });
      return (await this.#client.send(head, { abortSignal: signal })).ContentLength;
    } catch (error) {
      if (error instanceof NotFound) return undefined;
      throw failure('read', key, error, signal);
    }
  }

  /** @throws the signal's reason, or AppError WORKSPACE_UNAVAILABLE. */
  async read(key: string, signal: AbortSignal): Promise<VersionedText | undefined> {
    try {
      countUse('gets');
      const { Body, ETag } = await this.#client.send(
        new GetObjectCommand({ Bucket: this.#bucket, Key: key }),
        { abortSignal: signal },
      );
      return { text: (await Body?.transformToString()) ?? '', version: ETag ?? '' };
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw failure('read', key, error, signal);
    }
  }

  /** @throws `changed`, the signal's reason, or AppError WORKSPACE_UNAVAILABLE, also in the middle of the stream. */
  async *open({ key, version, changed }: VersionedObject, signal: AbortSignal): AsyncGenerator<Buffer> {
    try {
      countUse('gets');
      const { Body } = await this.#client.send(
        new GetObjectCommand({ Bucket: this.#bucket, Key: key, IfMatch: version }),
        { abortSignal: signal },
      );
      yield* Body as AsyncIterable<Buffer>;
    } catch (error) {
      if (LOST_RACE.includes((error as Error).name)) throw changed;
      throw failure('read', key, error, signal);
    }
  }

  /** @throws `changed`, the signal's reason, or AppError WORKSPACE_UNAVAILABLE. */
  async copy(
    { key, version, changed }: VersionedObject,
    to: string,
    { signal, contentType }: Parameters<Workspace['copy']>[2],
  ): Promise<void> {
    try {
      countUse('puts');
      await this.#client.send(
        new CopyObjectCommand({
          Bucket: this.#bucket,
          Key: to,
          CopySource: `${this.#bucket}/${key}`,
          CopySourceIfMatch: version,
          // Drops the metadata that the uploader chose.
          MetadataDirective: 'REPLACE',
          ContentType: contentType,
        }),
        { abortSignal: signal },
      );
    } catch (error) {
      if (LOST_RACE.includes((error as Error).name)) throw changed;
      throw failure('written', to, error, signal);
    }
  }

  /**
   * Copies all objects below a prefix to another one, without a transfer, and replaces what is there.
   * @throws the signal's reason, or AppError WORKSPACE_UNAVAILABLE.
   */
  async copyAll(from: string, to: string, signal: AbortSignal): Promise<void> {
    try {
      let after: string | undefined;
      do {
        countUse('puts');
        const page = new ListObjectsV2Command({
          Bucket: this.#bucket,
          Prefix: from,
          ContinuationToken: after,
        });
        const { Contents = [], NextContinuationToken } = await this.#client.send(page, {
          abortSignal: signal,
        });
        const keys = Contents.flatMap(({ Key }) => Key ?? []);
        for (let start = 0; start < keys.length; start += COPIES_AT_ONCE) {
          const batch = keys.slice(start, start + COPIES_AT_ONCE);
          await Promise.all(batch.map((key) => this.#copyTo(key, to + key.slice(from.length), signal)));
        }
        after = NextContinuationToken;
      } while (after);
    } catch (error) {
      throw failure('written', to, error, signal);
    }
  }

  async #copyTo(key: string, to: string, signal: AbortSignal): Promise<void> {
    countUse('puts');
    const source = key.split('/').map(encodeURIComponent).join('/');
    const copy = new CopyObjectCommand({
      Bucket: this.#bucket,
      Key: to,
      CopySource: `${this.#bucket}/${source}`,
    });
    await this.#client.send(copy, { abortSignal: signal });
  }

  /** @throws the signal's reason, or AppError WORKSPACE_UNAVAILABLE: the text may or may not be replaced then. */
  async replace(
    key: string,
    text: string,
    version: string | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    try {
      countUse('puts');
      // A later text takes the place of the first one.
      if (version === undefined) countStored(key, Buffer.byteLength(text));
      const { ETag } = await this.#client.send(
        new PutObjectCommand({
          Bucket: this.#bucket,
          Key: key,
          Body: text,
          ContentType: 'application/json',
          ...(version === undefined ? { IfNoneMatch: '*' } : { IfMatch: version }),
        }),
        { abortSignal: signal },
      );
      return ETag;
    } catch (error) {
      const { name } = error as Error;
      // 409: another conditional write was in progress. The next read shows whether it succeeded.
      if (LOST_RACE.includes(name)) return undefined;
      throw failure('written', key, error, signal);
    }
  }

  /** @throws `missing`, `tooLarge`, the signal's reason, or AppError WORKSPACE_UNAVAILABLE. No file remains then. */
  async download(
    key: string,
    file: string,
    { signal, maxBytes, missing, tooLarge }: Parameters<Workspace['download']>[2],
  ): Promise<FileDigest> {
    try {
      countUse('gets');
      const { Body, ContentLength } = await this.#client.send(
        new GetObjectCommand({ Bucket: this.#bucket, Key: key }),
        { abortSignal: signal },
      );
      const body = Body as Readable;
      // S3 always sends the length; an object of unknown length counts as too large.
      const size = ContentLength ?? Number.POSITIVE_INFINITY;
      if (size > maxBytes) {
        body.destroy();
        throw tooLarge;
      }
      return await writeDigested(body, file, signal);
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
  ): Promise<FileDigest> {
    let body: Readable | undefined;
    try {
      const { size, sha256 } = await digestOf(file, signal);
      countUse('puts');
      countStored(key, size);
      body = createReadStream(file);
      await this.#client.send(
        new PutObjectCommand({
          Bucket: this.#bucket,
          Key: key,
          Body: body,
          ContentLength: size,
          ContentType: contentType,
          // S3 rejects a corrupted upload. Without this value the SDK computes another checksum.
          ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
        }),
        { abortSignal: signal },
      );
      return { size, sha256 };
    } catch (error) {
      throw failure('written', key, error, signal);
    } finally {
      body?.destroy();
    }
  }
}

/**
 * The SDK retries requests, but not after the body has begun to flow in either direction: the step's retries cover that.
 * Responses with 4xx stay as they are, because a retry does not change them.
 */
function failure(done: 'read' | 'written', key: string, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  if (status !== undefined && status < 500 && status !== 429) return error;
  return new AppError(
    ErrorCode.workspaceUnavailable,
    `The workspace object ${key} could not be ${done}. Try again in a minute.`,
    {
      retryable: true,
      cause: error,
    },
  );
}
