/** Downloads and verifies an artifact: the build's artifact, or the copy that the deploy job made of it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OperationError } from 'mcp-async-operations/operation';
import type { FileDigest, StepContext } from 'mcp-async-operations/steps';
import { limits } from '../build/limits.ts';

export function copyKey(jobId: string): string {
  return `work/${jobId}/artifact.tar.gz`;
}

/**
 * Downloads an artifact, runs work on it and deletes the local file.
 * @param expected SHA-256, hexadecimal
 * @throws OperationError ARTIFACT_CHANGED when the artifact is missing, too large or has another SHA-256
 */
export async function withArtifact<T>(
  { workspace, signal }: Pick<StepContext, 'workspace' | 'signal'>,
  key: string,
  expected: string,
  work: (file: string, digest: FileDigest) => Promise<T>,
): Promise<T> {
  const changed = new OperationError(
    'ARTIFACT_CHANGED',
    `/${key} has changed since the build. Build the project again and deploy that build.`,
  );
  const directory = await mkdtemp(join(tmpdir(), 'deploy-'));
  try {
    const file = join(directory, 'artifact.tar.gz');
    const limit = { maxBytes: limits.artifactBytes, tooLarge: changed };
    const digest = await workspace.download(key, file, { signal, missing: changed, ...limit });
    if (digest.sha256 !== expected) throw changed;
    return await work(file, digest);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
