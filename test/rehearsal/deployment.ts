/** Deploys assemblies with the CDK CLI, as an operator does. */
import { createRequire } from 'node:module';
import { ACCOUNT, REGION } from './ministack.ts';
import { runProgram } from './programs.ts';

export const STACK = 'AsyncOperations';
const CDK = createRequire(import.meta.url).resolve('aws-cdk/bin/cdk');

/** Synthesizes an app. @param output folder of the assembly @param context of CDK */
export async function synthesize(
  output: string,
  app: string,
  context: Readonly<Record<string, string>>,
): Promise<void> {
  const given = Object.entries(context).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const command = `node --conditions=mcp-async-operations-source ${app}`;
  await cdk('synth', '--quiet', '--app', command, '--output', output, ...given);
}

export async function bootstrap(assembly: string): Promise<void> {
  await cdk('bootstrap', `aws://${ACCOUNT}/${REGION}`, '--app', assembly);
}

/** Creates the stack, or updates it in place. */
export async function deploy(assembly: string): Promise<void> {
  await cdk('deploy', '--all', '--require-approval', 'never', '--app', assembly);
}

export async function destroy(assembly: string): Promise<void> {
  await cdk('destroy', '--all', '--force', '--app', assembly);
}

async function cdk(...args: readonly string[]): Promise<void> {
  await runProgram(process.execPath, [CDK, ...args, '--no-notices'], { env: process.env });
}

/** Runs `npm run add-project`. */
export async function addProject(directory: string): Promise<void> {
  const command = ['local/cli/bin.ts', 'add-project', directory, '--stack', STACK];
  await runProgram(process.execPath, ['--conditions=mcp-async-operations-source', ...command], {
    env: process.env,
  });
}
