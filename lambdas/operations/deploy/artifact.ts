/** The artifact on its way: from the build to the job's own copy, and from there to the release. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { limits } from '../build/limits.ts';
import type { FileDigest, StepContext } from '../../definition/step-context.ts';

/** What was verified. A type and not an interface, so that it is JSON to the compiler. */
export type Verified = {
  readonly size: number;
  readonly sha256: string;
  /** The version that was current then. */
  readonly replaces: string | null;
};

export function copyKey(jobId: string): string {
  return `work/${jobId}/artifact.tar.gz`;
}

/**
 * Runs work on a file of the workspace, which is gone from the disk when it ends.
 * @throws AppError ARTIFACT_CHANGED unless it is what was expected
 */
export async function withArtifact<T>(
  { workspace, signal }: Pick<StepContext, 'workspace' | 'signal'>,
  key: string,
  expected: string,
  work: (file: string, digest: FileDigest) => Promise<T>,
): Promise<T> {
  const changed = new AppError(
    ErrorCode.artifactChanged,
    `/${key} is not what was built, or not any more. Build the project again, and deploy that build.`,
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
