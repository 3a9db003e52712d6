/** Reads the fields of package.json that a build uses, as untrusted input. */
import { readFile, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { formatBytes, OperationError } from 'mcp-async-operations/operation';
import * as z from 'zod';

/** Several times the size of the largest one on the public registry. */
const MAX_MANIFEST_BYTES = 1024 * 1024;

/** The build only checks whether there are any; npm validates them. */
const dependencies = z.record(z.string(), z.unknown()).optional().catch(undefined);

/** Drops what is not text, as npm does. A build or test that is neither text nor null would silently not run. */
const scripts = z
  .unknown()
  .optional()
  .transform((value, context) => {
    if (typeof value !== 'object' || value === null) return {};
    for (const [name, script] of Object.entries(value)) {
      if ((name === 'build' || name === 'test') && script !== null && typeof script !== 'string')
        context.addIssue({ code: 'custom', path: [name] });
    }
    const texts = Object.entries(value).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    );
    return Object.fromEntries<string>(texts);
  });

/** Only what the build itself uses, and npm's own reading of it: npm drops what is not of the type that it expects. */
const manifestSchema = z.object({
  name: z.string().optional().catch(undefined),
  scripts,
  dependencies,
  devDependencies: dependencies,
  optionalDependencies: dependencies,
  peerDependencies: dependencies,
  workspaces: z.unknown().optional(),
  packageManager: z.unknown().optional(),
  devEngines: z.unknown().optional(),
  /** Absent when it is not a list: then it selects nothing. */
  files: z.array(z.unknown()).optional().catch(undefined),
});
export type Manifest = z.output<typeof manifestSchema>;

/** @throws OperationError SOURCE_INVALID with the problem. It quotes no text of the file, which a script can link to any other. */
export async function readManifest(tree: string): Promise<Manifest> {
  const [root, file] = await Promise.all([realpath(tree), realpath(join(tree, 'package.json'))]).catch(
    (error) => {
      throw invalid('it is not a readable file', error);
    },
  );
  if (!file.startsWith(root + sep)) throw invalid('it is a link to a file outside the project');
  const stats = await stat(file);
  if (!stats.isFile()) throw invalid('it is not a readable file');
  const { size } = stats;
  if (size > MAX_MANIFEST_BYTES) throw invalid(`it exceeds ${formatBytes(MAX_MANIFEST_BYTES)}`);

  let json: unknown;
  try {
    // Editors on Windows start files with a byte order mark, which npm ignores.
    json = JSON.parse((await readFile(file, 'utf8')).replace(/^\uFEFF/, ''));
  } catch (error) {
    const [position = ''] = / at position \d+/.exec((error as Error).message) ?? [];
    throw invalid(`it is not JSON${position && `; the error is${position}`}`);
  }
  const { success, data, error } = manifestSchema.safeParse(json);
  if (success) return data;
  const [issue] = error.issues;
  throw invalid(
    issue?.path.length ? `its field "${issue.path.join('.')}" has the wrong type` : 'it is not an object',
  );
}

function invalid(reason: string, cause?: unknown): OperationError {
  return new OperationError(
    'SOURCE_INVALID',
    `The project's package.json is invalid: ${reason}. Fix it and upload the project again.`,
    {
      cause,
    },
  );
}
