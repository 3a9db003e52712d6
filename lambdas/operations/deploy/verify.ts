/** Step 1: whether there is such a build, and its artifact is still what it was; and nobody else deploys there. */
import { OperationError } from 'mcp-async-operations/operation';
import { JobStatus, type StepContext, type StepOf } from 'mcp-async-operations/steps';
import { artifactKey, build } from '../build/operation.ts';
import { copyKey, withArtifact } from './artifact.ts';
import type { DeployInput, deploy } from './operation.ts';
import { hold } from './place.ts';

export const verify: StepOf<typeof deploy, 'verify'> = async (context) => {
  const { input, jobId, workspace, signal, log } = context;
  const { sha256 } = await findBuild(context);
  const replaces = await hold(context);
  return withArtifact(context, artifactKey(input.project), sha256, async (file, { size }) => {
    // A build may replace it while somebody thinks about whether this one is to be released.
    await workspace.upload(copyKey(jobId), file, { signal, contentType: 'application/gzip' });
    log.write(`${size} bytes, SHA-256 ${sha256}, as job ${input.build_job_id} has built them.\n`);
    return { size, sha256, replaces };
  });
};

/** @throws OperationError BUILD_JOB_INVALID saying which job would do */
async function findBuild({ input: { build_job_id, project }, jobs }: StepContext<DeployInput>) {
  const job = await jobs.find(build_job_id);
  if (!job) throw invalid('there is no such job of yours, or no more: list_jobs shows those there are');
  if (job.operation !== build.name) throw invalid(`it is a job of ${job.operation}; name one of build`);
  if (job.status !== JobStatus.completed) throw invalid(`it is ${job.status}; name a completed one`);
  const built = build.input.parse(job.input).project;
  if (built !== project) throw invalid(`it has built "${built}"; name a build of "${project}"`);
  return build.output.parse(job.result);
}

function invalid(reason: string): OperationError {
  return new OperationError('BUILD_JOB_INVALID', `build_job_id: ${reason}.`);
}
