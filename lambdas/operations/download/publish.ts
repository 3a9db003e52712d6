/** Runs step 2: joins the parts, inspects the archive like every source, and stores it as the project's source. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { StepOf } from 'mcp-async-operations/steps';
import { leftOutField } from '../project/file-kinds.ts';
import { inspectSource } from '../project/inspect-source.ts';
import { sourceOf } from '../project/project.ts';
import { sourceLimits } from '../project/source-limits.ts';
import type { download } from './operation.ts';
import { tooLarge } from './parts.ts';
import { unwrap } from './unwrap.ts';

export const publish: StepOf<typeof download, 'publish'> = async (context) => {
  const { input, jobId, results, workspace, signal, progress } = context;
  const { parts } = results.transfer;
  const directory = await mkdtemp(join(tmpdir(), 'download-'));
  try {
    const archive = join(directory, 'source.tar.gz');
    const part = join(directory, 'part');
    await writeFile(archive, '');
    const missing = new Error(
      `A part of job ${jobId} is missing in the workspace. Start the download again.`,
    );
    for (const [index, key] of parts.entries()) {
      const limit = { maxBytes: sourceLimits.compressedBytes, tooLarge: tooLarge() };
      await workspace.download(key, part, { signal, missing, ...limit });
      await pipeline(createReadStream(part), createWriteStream(archive, { flags: 'a' }), { signal });
      progress((0.5 * (index + 1)) / parts.length);
    }
    const source = await unwrap(archive, signal);
    const { files, leftOut } = await inspectSource(source, sourceLimits, signal);
    const { key } = sourceOf(input.project);
    const digest = await workspace.upload(key, source, { signal, contentType: 'application/gzip' });
    return { source: `/${key}`, ...digest, files: files.size, ...leftOutField(leftOut) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};
