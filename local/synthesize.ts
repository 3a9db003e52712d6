/** Runs the CDK app, which writes the cloud assembly; the CDK command line is not needed for that. */
import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));

/**
 * @param outputDirectory is replaced, and returned.
 * @param appEntry relative to the repository
 * @param context the CDK context: who is let in. By default IAM's principals, since no identity provider is needed.
 * @throws Error with what the app printed, when it fails.
 */
export async function synthesize(
  outputDirectory: string,
  appEntry = 'bin/app.ts',
  context: Readonly<Record<string, string>> = { authorization: 'iam' },
): Promise<string> {
  await rm(outputDirectory, { recursive: true, force: true });
  const app = spawn(process.execPath, [appEntry], {
    cwd: REPOSITORY,
    env: {
      ...process.env,
      CDK_OUTDIR: outputDirectory,
      CDK_CONTEXT_JSON: JSON.stringify(context),
      // The check of the template by CloudFormation's rules is for deployments, and takes 3 s of CPU time.
      CDK_VALIDATION: 'false',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [printed, status] = await Promise.all([
    text(app.stderr),
    new Promise<number | null>((resolve, reject) => app.on('error', reject).on('close', resolve)),
  ]);
  if (status !== 0) throw new Error(`${appEntry} could not be synthesized:\n${printed}`);
  return outputDirectory;
}
