/** Implements the workspace of a sandbox with presigned URLs for single files. */
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { FileDigest, FileTransfer } from '../../definition/step-context.ts';
import { cutText } from '../../shared/cut-text.ts';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { digestOf, writeDigested } from '../../workspace/digest.ts';
import type { SandboxEvent } from './protocol.ts';
import { request } from './request.ts';

export class UrlWorkspace implements FileTransfer {
  readonly #urls: Pick<SandboxEvent, 'reads' | 'writes'>;

  constructor(urls: Pick<SandboxEvent, 'reads' | 'writes'>) {
    this.#urls = urls;
  }

  /** @throws `missing`, `tooLarge`, the signal's reason, or AppError WORKSPACE_UNAVAILABLE. No file remains then. */
  async download(
    key: string,
    file: string,
    { signal, maxBytes, missing, tooLarge }: Parameters<FileTransfer['download']>[2],
  ): Promise<FileDigest> {
    const url = urlOf(this.#urls.reads, key);
    try {
      const response = await request(url, { signal });
      if (response.statusCode === 404) {
        response.resume();
        throw missing;
      }
      if (response.statusCode !== 200) throw await refusal(response);
      if (!(Number(response.headers['content-length']) <= maxBytes)) {
        response.destroy();
        throw tooLarge;
      }
      return await writeDigested(response, file, signal);
    } catch (error) {
      await rm(file, { force: true });
      if (error === missing || error === tooLarge) throw error;
      throw failure('read', key, error, signal);
    }
  }

  /** @throws the signal's reason, or AppError WORKSPACE_UNAVAILABLE. */
  async upload(
    key: string,
    file: string,
    { signal, contentType }: Parameters<FileTransfer['upload']>[2],
  ): Promise<FileDigest> {
    const url = urlOf(this.#urls.writes, key);
    const digest = await digestOf(file, signal);
    const content = createReadStream(file);
    try {
      const response = await request(url, {
        method: 'PUT',
        headers: { 'content-type': contentType, 'content-length': String(digest.size) },
        body: content,
        signal,
      });
      if (response.statusCode !== 200) throw await refusal(response);
      response.resume();
      return digest;
    } catch (error) {
      throw failure('written', key, error, signal);
    } finally {
      content.destroy();
    }
  }
}

function urlOf(urls: Readonly<Record<string, string>>, key: string): string {
  const url = urls[key];
  if (!url)
    throw new Error(`This step has no URL for ${key}. Name the file in \`sandbox\` of the operation.`);
  return url;
}

/** An error response of S3. */
class Refused extends Error {
  readonly status: number;

  constructor(status: number, text: string) {
    super(`S3 responded with ${status}: ${text}`);
    this.status = status;
  }
}

const MAX_RESPONSE_CHARACTERS = 500;

async function refusal(response: IncomingMessage): Promise<Refused> {
  return new Refused(response.statusCode ?? 0, cutText(await text(response), MAX_RESPONSE_CHARACTERS));
}

/** Marks every failure as retryable except rejections with 4xx. */
function failure(done: 'read' | 'written', key: string, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof Refused && error.status < 500 && error.status !== 429) return error;
  return new AppError(
    ErrorCode.workspaceUnavailable,
    `The workspace object ${key} could not be ${done}. Try again in a minute.`,
    {
      retryable: true,
      cause: error,
    },
  );
}
