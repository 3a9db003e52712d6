/** Runs step 2: inspects the archive as a stream, like every source, and then copies it to the project's source. */
import { createHash } from 'node:crypto';
import { OperationError } from 'mcp-async-operations/operation';
import type { StepOf } from 'mcp-async-operations/steps';
import { leftOutField } from '../project/file-kinds.ts';
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
  const { files, leftOut } = await inspectSource(metered(), uploadLimits, signal);
  // The inspection does not read data after the last gzip member.
  if (read < size) throw invalidSource('there is data after its end');

  const { key: source } = sourceOf(input.project);
  await workspace.copy(archive, source, { signal, contentType: 'application/gzip' });
  return {
    source: `/${source}`,
    size,
    sha256: hash.digest('hex'),
    files: files.size,
    ...leftOutField(leftOut),
  };
};

function changed(): OperationError {
  return new OperationError(
    'UPLOAD_CHANGED',
    'The uploaded file was replaced or deleted. Start the upload again and PUT once.',
  );
}
