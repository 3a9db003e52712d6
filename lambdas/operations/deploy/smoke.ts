/** Step 4: whether what is current now is whole and can be started; if not, the version before is current again. */
import { CodedError, OperationError } from 'mcp-async-operations/operation';
import type { StepContext, StepOf } from 'mcp-async-operations/steps';
import { withArtifact } from './artifact.ts';
import { checkEntryPoints } from './entry-points.ts';
import type { DeployInput, deploy } from './operation.ts';
import { look, releaseKey, rollBack } from './place.ts';

export const smoke: StepOf<typeof deploy, 'smoke'> = async (context) => {
  const { input, jobId, results, signal, progress, log } = context;
  const { sha256, size } = results.verify;
  const { previous } = results.release;
  const key = releaseKey(input, jobId);
  try {
    const { current } = await look(context);
    if (current?.version !== jobId) throw failed('an attempt before has found it broken');
    await withArtifact(context, key, sha256, (file) => checkEntryPoints(file, signal));
  } catch (error) {
    // What may pass is tried again, with the new version in its place; what is broken makes way at once.
    if (!(error instanceof CodedError) || error.retryable) throw error;
    progress(0.5, 'The smoke test failed: going back to the version before');
    throw await afterRollBack(context, error);
  }
  log.write(`${jobId} is whole, and has the entry points that its package.json names.\n`);
  const { environment } = input;
  return { environment, version: jobId, previous_version: previous, artifact: `/${key}`, size, sha256 };
};

async function afterRollBack(context: StepContext<DeployInput>, cause: CodedError): Promise<OperationError> {
  const { current } = await rollBack(context);
  const version = current?.version ?? null;
  context.log.write(`Rolled back to ${version ?? 'nothing'}: ${cause.message}\n`);
  return new OperationError(
    'SMOKE_TEST_FAILED',
    `${cause.message} ${version ? `Version ${version} is current again` : 'Nothing is current there'}, as before.`,
    { details: { rolled_back_to: version ?? '' } },
  );
}

function failed(reason: string): OperationError {
  return new OperationError('SMOKE_TEST_FAILED', `The smoke test failed: ${reason}.`);
}
