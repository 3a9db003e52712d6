/** Runs step 2: fetches the parts that are not in the workspace yet, one after the other. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatBytes, OperationError } from 'mcp-async-operations/operation';
import { type StepContext, type StepOf, writeDigested } from 'mcp-async-operations/steps';
import { sourceLimits } from '../project/source-limits.ts';
import { downloadPolicy } from './download-policy.ts';
import { expectStatus, get, type HttpResponse } from './get.ts';
import type { DownloadInput, download } from './operation.ts';
import { changed, type Part, partKey, partsOf, tooLarge } from './parts.ts';

type Context = StepContext<DownloadInput>;

export const transfer: StepOf<typeof download, 'transfer'> = async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'download-'));
  try {
    const file = join(directory, 'part');
    const { size, etag } = context.results.probe;
    return size === undefined ? await inOne(context, file) : await inParts(context, file, size, etag);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

async function inParts(
  context: Context,
  file: string,
  size: number,
  etag?: string,
): Promise<{ parts: number }> {
  const { jobId, workspace, signal, progress, log } = context;
  const parts = partsOf(jobId, size);
  for (const part of parts) {
    const isThere = (await workspace.size(part.key, signal)) === part.end - part.start;
    if (!isThere && size > 0) await fetchPart(context, file, part, size, etag);
    log.write(`${part.key}: ${isThere ? 'already there' : 'fetched'}\n`);
    progress(part.end / (size || 1), `${formatBytes(part.end)} of ${formatBytes(size)}`);
  }
  return { parts: size > 0 ? parts.length : 0 };
}

function fetchPart(
  { input: { url }, workspace, signal }: Context,
  file: string,
  { key, start, end }: Part,
  size: number,
  etag: string | undefined,
): Promise<void> {
  const range = `bytes=${start}-${end - 1}`;
  return get({ url, range, ifRange: etag, policy: downloadPolicy(), signal }, async (response) => {
    // 200 means another version than the one in If-Range. The other statuses mean a deleted or a shorter file.
    if ([200, 404, 410, 412, 416].includes(response.status)) throw changed();
    expectStatus(response, 206);
    const isRequestedRange = response.headers['content-range'] === `bytes ${start}-${end - 1}/${size}`;
    if (!isRequestedRange || (etag && response.headers.etag !== undefined && response.headers.etag !== etag))
      throw changed();
    const written = await writeDigested(limitBytes(response, end - start), file, signal);
    if (written.size < end - start) throw truncated();
    await workspace.upload(key, file, { signal, contentType: 'application/octet-stream' });
  });
}

async function inOne(
  { input: { url }, jobId, workspace, signal, progress }: Context,
  file: string,
): Promise<{ parts: number }> {
  await get({ url, policy: downloadPolicy(), signal }, async (response) => {
    expectStatus(response, 200);
    const length = response.headers['content-length'];
    const { size } = await writeDigested(
      limitBytes(response, sourceLimits.compressedBytes, (bytes) =>
        progress(length ? bytes / Number(length) : 0, formatBytes(bytes)),
      ),
      file,
      signal,
    );
    if (length !== undefined && size !== Number(length)) throw truncated();
    await workspace.upload(partKey(jobId, 0), file, { signal, contentType: 'application/octet-stream' });
  });
  return { parts: 1 };
}

/** @throws OperationError SOURCE_TOO_LARGE at the first excess byte, because a server can send a wrong length */
async function* limitBytes(
  { body }: HttpResponse,
  maxBytes: number,
  onBytes: (bytes: number) => void = () => {},
): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge();
    onBytes(bytes);
    yield chunk;
  }
}

function truncated(): OperationError {
  return new OperationError('DOWNLOAD_FAILED', 'url: the download ended early. Try again later.', {
    retryable: true,
  });
}
