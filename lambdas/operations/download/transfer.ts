/** Step 2: the parts that are not in the workspace yet, one after the other. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatBytes, OperationError } from 'mcp-async-operations/operation';
import { type StepContext, type StepOf, writeDigested } from 'mcp-async-operations/steps';
import { sourceLimits } from '../project/source-limits.ts';
import { downloadPolicy } from './download-policy.ts';
import { type Answer, expectStatus, get } from './get.ts';
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
    log.write(`${part.key}: ${isThere ? 'was there' : 'fetched'}\n`);
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
  return get({ url, range, ifRange: etag, policy: downloadPolicy(), signal }, async (answer) => {
    // All of it in place of the part: it is not the version that was asked for. Gone, or shorter: neither.
    if ([200, 404, 410, 412, 416].includes(answer.status)) throw changed();
    expectStatus(answer, 206);
    const isAsAsked = answer.headers['content-range'] === `bytes ${start}-${end - 1}/${size}`;
    if (!isAsAsked || (etag && answer.headers.etag !== undefined && answer.headers.etag !== etag))
      throw changed();
    const written = await writeDigested(upTo(answer, end - start), file, signal);
    if (written.size < end - start) throw cutShort();
    await workspace.upload(key, file, { signal, contentType: 'application/octet-stream' });
  });
}

async function inOne(
  { input: { url }, jobId, workspace, signal, progress }: Context,
  file: string,
): Promise<{ parts: number }> {
  await get({ url, policy: downloadPolicy(), signal }, async (answer) => {
    expectStatus(answer, 200);
    const said = answer.headers['content-length'];
    const { size } = await writeDigested(
      upTo(answer, sourceLimits.compressedBytes, (bytes) =>
        progress(said ? bytes / Number(said) : 0, formatBytes(bytes)),
      ),
      file,
      signal,
    );
    if (said !== undefined && size !== Number(said)) throw cutShort();
    await workspace.upload(partKey(jobId, 0), file, { signal, contentType: 'application/octet-stream' });
  });
  return { parts: 1 };
}

/** @throws OperationError SOURCE_TOO_LARGE with the first byte too many: a server may lie about a length */
async function* upTo(
  { body }: Answer,
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

function cutShort(): OperationError {
  return new OperationError('DOWNLOAD_FAILED', 'url: it ended before everything was here.', {
    retryable: true,
  });
}
