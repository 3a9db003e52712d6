/** Runs step 1: checks the build and its artifact, and claims the place for this job. */
import { OperationError } from 'mcp-async-operations/operation';
import { JobStatus, type StepContext, type StepOf } from 'mcp-async-operations/steps';
import { artifactKey, build } from '../build/operation.ts';
import { copyKey, withArtifact } from './artifact.ts';
import type { DeployInput, deploy } from './operation.ts';
import { claimPlace } from './place.ts';

export const verify: StepOf<typeof deploy, 'verify'> = async (context) => {
  const { input, jobId, workspace, signal, log } = context;
  const { sha256 } = await findBuild(context);
  const replaces = await claimPlace(context);
  return withArtifact(context, artifactKey(input.project), sha256, async (file, { size }) => {
    // A new build can replace the artifact while a person decides about the release.
    await workspace.upload(copyKey(jobId), file, { signal, contentType: 'application/gzip' });
    log.write(`Artifact of job ${input.build_job_id}: ${size} bytes, SHA-256 ${sha256}.\n`);
    return { size, sha256, replaces };
  });
};

/** @throws OperationError BUILD_JOB_INVALID with the kind of job that is required */
async function findBuild({ input: { build_job_id, project }, jobs }: StepContext<DeployInput>) {
  const job = await jobs.find(build_job_id);
  if (!job) throw invalid('you have no such job, or it has expired. Call list_jobs to find your jobs');
  if (job.operation !== build.name) throw invalid(`it is a job of ${job.operation}. Give a job of build`);
  if (job.status !== JobStatus.completed) throw invalid(`it is ${job.status}. Give a completed job`);
  const built = build.input.parse(job.input).project;
  if (built !== project) throw invalid(`it built "${built}". Give a build of "${project}"`);
  return build.output.parse(job.result);
}

function invalid(reason: string): OperationError {
  return new OperationError('BUILD_JOB_INVALID', `build_job_id: ${reason}.`);
}
