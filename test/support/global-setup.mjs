/** Synthesizes the app and the test catalogue's app once, before all tests: the first as people do, with the CDK CLI. */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { assemblies } from './assemblies.ts';

const run = promisify(execFile);

/** What a machine without an AWS account has: no credentials, no region, no profile to look up. */
const env = { ...process.env, AWS_EC2_METADATA_DISABLED: 'true', CDK_DISABLE_CLI_TELEMETRY: 'true' };

export default async function globalSetup() {
  await mkdir(assemblies.directory, { recursive: true });
  await Promise.all([
    run(
      process.execPath,
      ['node_modules/aws-cdk/bin/cdk', 'synth', '--quiet', '--no-notices', '--output', assemblies.app],
      { env },
    ),
    run(process.execPath, ['test/fixtures/app.ts'], { env: { ...env, CDK_OUTDIR: assemblies.test } }),
  ]);
}
