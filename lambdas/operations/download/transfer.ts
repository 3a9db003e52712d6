/** Runs step 1: fetches the file with one request, and after an interruption the rest of it with another. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatBytes, OperationError } from 'mcp-async-operations/operation';
import type { StepContext, StepOf } from 'mcp-async-operations/steps';
import { sourceLimits } from '../project/source-limits.ts';
import { downloadPolicy } from './download-policy.ts';
import { expectStatus, get, type HttpResponse, isTransient } from './get.ts';
import type { DownloadInput, download } from './operation.ts';
import { Parts, partKey, tooLarge, type Version } from './parts.ts';

type Context = StepContext<DownloadInput>;

export const transfer: StepOf<typeof download, 'transfer'> = async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'download-'));
  try {
    const parts = await Parts.load(context, join(directory, 'part'));
    const { stored } = parts;
    if (stored.parts > 0) context.log.write(`Continuing after ${formatBytes(parts.size)}.\n`);
    // The whole file first: a link can work once, and not every server takes ranges.
    if (stored.parts === 0 || !(await fetchRest(context, parts))) await fetchWhole(context, parts);
    return { parts: Array.from({ length: parts.stored.parts }, (_, index) => partKey(context.jobId, index)) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

async function fetchWhole(context: Context, parts: Parts): Promise<void> {
  const { url } = context.input;
  await get({ url, policy: downloadPolicy(), signal: context.signal }, async (response) => {
    const range = rangeOf(response);
    const isWhole = response.status === 206 && range?.start === 0 && range.end === range.size;
    if (!isWhole) expectStatus(response, 200);
    await receiveWhole(context, parts, response);
  });
}

/** @returns false when the server does not continue this version of the file */
async function fetchRest(context: Context, parts: Parts): Promise<boolean> {
  const { url } = context.input;
  const { size, etag, isComplete } = parts.stored;
  if (isComplete) return true;
  // Nothing would tell another version from this one.
  if (size === undefined && etag === undefined) return false;
  const { size: start } = parts;
  const options = { url, range: `bytes=${start}-`, ifRange: etag, policy: downloadPolicy() };
  return get({ ...options, signal: context.signal }, async (response) => {
    const { status, headers } = response;
    if (status === 200) {
      await receiveWhole(context, parts, response);
      return true;
    }
    if (isTransient(status)) expectStatus(response, 206);
    const range = rangeOf(response);
    const isRest =
      status === 206 &&
      range?.start === start &&
      range.end === (range.size ?? size) &&
      range.end === (size ?? range.end) &&
      (etag === undefined || headers.etag === undefined || headers.etag === etag);
    if (isRest) await receive(context, parts, response, range.end);
    return isRest;
  });
}

async function receiveWhole(context: Context, parts: Parts, response: HttpResponse): Promise<void> {
  const { headers } = response;
  // gzip is the form of the file itself; what is compressed twice is opened later. Other names are no compressions.
  if (/\b(br|compress|deflate|zstd)\b/i.test(headers['content-encoding'] ?? '')) throw encoded();
  const length = headers['content-length'];
  const version: Version = {
    ...(length !== undefined && { size: Number(length) }),
    ...(/^"[^"]*"$/.test(headers.etag ?? '') && { etag: headers.etag }),
  };
  if (version.size !== undefined && version.size > sourceLimits.compressedBytes) throw tooLarge();
  context.log.write(`Size: ${length ?? 'unknown'} bytes.\n`);
  await parts.restart(version);
  await receive(context, parts, response, version.size);
}

/** @param size of the file, when the server has told it */
async function receive(
  { progress }: Context,
  parts: Parts,
  { body }: HttpResponse,
  size: number | undefined,
): Promise<void> {
  for await (const chunk of body) {
    await parts.add(chunk);
    const received = formatBytes(parts.size);
    progress(
      parts.size / (size ?? Number.POSITIVE_INFINITY),
      size ? `${received} of ${formatBytes(size)}` : received,
    );
  }
  if (size !== undefined && parts.size !== size) throw truncated();
  await parts.complete();
}

interface Range {
  readonly start: number;
  /** The byte after the last. */
  readonly end: number;
  /** Bytes of the file; undefined when the server does not tell. */
  readonly size: number | undefined;
}

function rangeOf({ headers }: HttpResponse): Range | undefined {
  const [, start, last, size] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/i.exec(headers['content-range'] ?? '') ?? [];
  if (start === undefined) return undefined;
  return { start: Number(start), end: Number(last) + 1, size: size === '*' ? undefined : Number(size) };
}

function truncated(): OperationError {
  return new OperationError('DOWNLOAD_FAILED', 'url: the download ended early. Try again later.', {
    retryable: true,
  });
}

function encoded(): OperationError {
  return new OperationError(
    'DOWNLOAD_FAILED',
    'url: the server compressed the response, although the request refuses that. Give a URL that returns the archive itself.',
  );
}
