/** Runs step 4: checks that the current version is complete and can start, and rolls back if not. */
import { CodedError, OperationError } from 'mcp-async-operations/operation';
import type { StepContext, StepOf } from 'mcp-async-operations/steps';
import { withArtifact } from './artifact.ts';
import { checkEntryPoints } from './entry-points.ts';
import type { DeployInput, deploy } from './operation.ts';
import { readPlace, releaseKey, rollBack } from './place.ts';

export const smoke: StepOf<typeof deploy, 'smoke'> = async (context) => {
  const { input, jobId, results, signal, progress, log } = context;
  const { sha256, size } = results.verify;
  const { previous } = results.release;
  const key = releaseKey(input, jobId);
  try {
    const { current } = await readPlace(context);
    if (current?.version !== jobId) throw failed('an earlier attempt found the release broken');
    await withArtifact(context, key, sha256, (file) => checkEntryPoints(file, signal));
  } catch (error) {
    // A retryable error keeps the new version and runs again. A broken release rolls back at once.
    if (!(error instanceof CodedError) || error.retryable) throw error;
    progress(0.5, 'The smoke test failed: rolling back');
    throw await afterRollBack(context, error);
  }
  log.write(`${jobId} is complete and contains the entry points of its package.json.\n`);
  const { environment } = input;
  return { environment, version: jobId, previous_version: previous, artifact: `/${key}`, size, sha256 };
};

async function afterRollBack(context: StepContext<DeployInput>, cause: CodedError): Promise<OperationError> {
  const { current } = await rollBack(context);
  const version = current?.version ?? null;
  context.log.write(`Rolled back to ${version ?? 'nothing'}: ${cause.message}\n`);
  return new OperationError(
    'SMOKE_TEST_FAILED',
    `${cause.message} ${version ? `Version ${version} is current again` : 'No version is current'}, as before. Fix the project, build it and deploy again.`,
    { details: { rolled_back_to: version ?? '' } },
  );
}

function failed(reason: string): OperationError {
  return new OperationError('SMOKE_TEST_FAILED', `The smoke test failed: ${reason}.`);
}
