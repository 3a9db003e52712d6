/** Deploys assemblies with the CDK CLI, as an operator does. */
import { createRequire } from 'node:module';
import { CIMD_POLICY, removeResources } from './assemblies.ts';
import { ACCOUNT, REGION } from './ministack.ts';
import { runProgram } from './programs.ts';

export const STACK = 'AsyncOperations';
/** Logical id of a restored jobs table. */
export const RESTORED_JOBS = 'RestoredJobs';
/** Types that ministack does not know: the style of the sign-in pages, and the clients that need no registration. */
export const UNKNOWN_TYPES = ['AWS::Cognito::ManagedLoginBranding', CIMD_POLICY];
const CDK = createRequire(import.meta.url).resolve('aws-cdk/bin/cdk');

/** Synthesizes an app, without what ministack does not know. @param output folder of the assembly @param context of CDK */
export async function synthesize(
  output: string,
  app: string,
  context: Readonly<Record<string, string>>,
): Promise<void> {
  // ministack has no alarms on math expressions, and no saved queries.
  const given = Object.entries({ ...context, monitoring: 'false' }).flatMap(([key, value]) => [
    '-c',
    `${key}=${value}`,
  ]);
  const command = `node --conditions=mcp-async-operations-source ${app}`;
  await cdk('synth', '--quiet', '--app', command, '--output', output, ...given);
  for (const type of UNKNOWN_TYPES) await removeResources(output, type);
}

export async function bootstrap(assembly: string): Promise<void> {
  await cdk('bootstrap', `aws://${ACCOUNT}/${REGION}`, '--app', assembly);
}

/** Creates the stack, or updates it in place. */
export async function deploy(assembly: string): Promise<void> {
  await cdk('deploy', '--all', '--require-approval', 'never', '--app', assembly);
}

/** Adds an existing table to the stack. All other changes of the assembly wait for a deploy. */
export async function importTable(assembly: string, logicalId: string, TableName: string): Promise<void> {
  const mapping = JSON.stringify({ [logicalId]: { TableName } });
  await cdk('import', STACK, '--force', '--resource-mapping-inline', mapping, '--app', assembly);
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
