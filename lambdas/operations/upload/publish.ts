/** Step 2: the archive looked through as it comes from the bucket, as every source is, and only then the project's source. */
import { createHash } from 'node:crypto';
import { OperationError } from 'mcp-async-operations/operation';
import type { StepOf } from 'mcp-async-operations/steps';
import { inspectSource } from '../project/inspect-source.ts';
import { sourceOf } from '../project/project.ts';
import { invalidSource } from '../project/source-errors.ts';
import { uploadLimits } from './limits.ts';
import type { upload } from './operation.ts';

export const publish: StepOf<typeof upload, 'publish'> = async (context) => {
  const { input, results, workspace, signal, progress } = context;
  const { key, version, size } = results.receive;
  const archive = { key, version, changed: changed() };
  const hash = createHash('sha256');
  let read = 0;

  async function* metered(): AsyncGenerator<Buffer> {
    for await (const chunk of workspace.open(archive, signal)) {
      hash.update(chunk);
      read += chunk.length;
      progress((0.9 * read) / size);
      yield chunk;
    }
  }
  const { files } = await inspectSource(metered(), uploadLimits, signal);
  // What follows the last gzip member is never asked for.
  if (read < size) throw invalidSource('there is data after its end');

  const { key: source } = sourceOf(input.project);
  await workspace.copy(archive, source, { signal, contentType: 'application/gzip' });
  return { source: `/${source}`, size, sha256: hash.digest('hex'), files: files.size };
};

function changed(): OperationError {
  return new OperationError(
    'UPLOAD_CHANGED',
    'Another file was put in the place of the one that had arrived, or it is gone. Start the upload again, and PUT once.',
  );
}
