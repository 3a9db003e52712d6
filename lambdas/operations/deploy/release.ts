/** Runs step 3: stores the artifact as a new version, and makes it the current version with one conditional write. */
import type { StepOf } from 'mcp-async-operations/steps';
import { copyKey, withArtifact } from './artifact.ts';
import type { deploy } from './operation.ts';
import { releaseKey, setCurrent } from './place.ts';

export const release: StepOf<typeof deploy, 'release'> = async (context) => {
  const { input, jobId, results, workspace, signal, progress, log } = context;
  const { sha256, size } = results.verify;
  await withArtifact(context, copyKey(jobId), sha256, (file) =>
    workspace.upload(releaseKey(input, jobId), file, { signal, contentType: 'application/gzip' }),
  );
  progress(0.8, `Making ${jobId} the current version`);
  const { previous } = await setCurrent(context, {
    version: jobId,
    sha256,
    size,
    build_job_id: input.build_job_id,
    released_at: new Date().toISOString(),
  });
  log.write(`${jobId} is the current version; the version before was ${previous?.version ?? 'none'}.\n`);
  return { previous: previous?.version ?? null };
};
