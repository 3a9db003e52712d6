/** The parts of a project's package.json that a build acts on, read as the untrusted input it is. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes, OperationError } from 'mcp-async-operations/operation';
import * as z from 'zod';

/** A number of times the largest on the public registry. */
const MAX_MANIFEST_BYTES = 1024 * 1024;

/** Only whether there are any counts here; what they say is npm's to judge. */
const dependencies = z.record(z.string(), z.unknown()).optional().catch(undefined);

const manifestSchema = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  scripts: z.record(z.string(), z.string()).optional(),
  dependencies,
  devDependencies: dependencies,
  optionalDependencies: dependencies,
  peerDependencies: dependencies,
  workspaces: z.unknown().optional(),
  files: z.array(z.string()).optional(),
});
export type Manifest = z.output<typeof manifestSchema>;

/** @throws OperationError SOURCE_INVALID saying what is wrong with it. */
export async function readManifest(tree: string): Promise<Manifest> {
  const file = join(tree, 'package.json');
  const { size } = await stat(file).catch((error) => {
    throw invalid('it is no readable file', error);
  });
  if (size > MAX_MANIFEST_BYTES) throw invalid(`it has more than ${formatBytes(MAX_MANIFEST_BYTES)}`);

  let json: unknown;
  try {
    // Editors on Windows begin files with a byte order mark, which npm forgives.
    json = JSON.parse((await readFile(file, 'utf8')).replace(/^\uFEFF/, ''));
  } catch (error) {
    throw invalid(`it is not JSON (${(error as Error).message.slice(0, 200)})`, error);
  }
  const { success, data, error } = manifestSchema.safeParse(json);
  if (success) return data;
  const [issue] = error.issues;
  throw invalid(
    issue?.path.length
      ? `its field "${issue.path.join('.')}" is not what npm expects`
      : 'it is not an object',
  );
}

function invalid(reason: string, cause?: unknown): OperationError {
  return new OperationError('SOURCE_INVALID', `The project's package.json cannot be used: ${reason}.`, {
    cause,
  });
}
