/** Synthesizes the app (with the CDK CLI, like a user) and the test catalogue's app once, before all tests. */
import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const connection = 'arn:aws:events:us-east-1:000000000000:connection';
/** Nothing listens there: each test names the local server that replaces them. */
const apis = [
  ['crm', 'https://crm.example.com/v2', `${connection}/crm/11111111-1111-1111-1111-111111111111`],
  ['ghost', 'https://ghost.example.com', `${connection}/ghost/22222222-2222-2222-2222-222222222222`],
];

export default async function globalSetup() {
  // `assemblies.ts` reads it in the workers, which inherit the environment.
  process.env.TEST_ASSEMBLIES = await mkdtemp(join(tmpdir(), 'assemblies-'));
  // `lib/defaults/bundle.ts` reads it: the apps that tests synthesize have mostly the same functions, in each run.
  process.env.BUNDLE_CACHE = resolve('node_modules/.cache/mcp-async-operations');
  // esbuild bundles with a tenth less CPU time when it collects garbage less often. Tests synthesize apps, too.
  process.env.GOGC ??= '400';
  // The environment of a machine without an AWS account: no credentials, region or profile.
  const env = {
    ...process.env,
    AWS_EC2_METADATA_DISABLED: 'true',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    // The same directory as in `local/cli/synthesize.ts`: the apps that tests synthesize find it filled.
    NODE_COMPILE_CACHE: join(process.env.BUNDLE_CACHE, 'compiled'),
  };
  // CDK checks the app's template below; `runner-setup.mjs` switches the check off for the stacks of tests.
  const { assemblies } = await import('./assemblies.ts');
  await Promise.all([
    run(
      process.execPath,
      [
        'node_modules/aws-cdk/bin/cdk',
        'synth',
        '--quiet',
        '--no-notices',
        '-c',
        'authorization=iam',
        '-c',
        'migrateTables=orders,visits,absent',
        '-c',
        `apiConnections=${apis.map(([name, root, arn]) => `${name} ${root} ${arn}`)}`,
        '--output',
        assemblies.app,
      ],
      { env },
    ),
    run(process.execPath, ['test/fixtures/app.ts'], {
      env: { ...env, CDK_VALIDATION: 'false', CDK_OUTDIR: assemblies.test },
    }),
  ]);
}
