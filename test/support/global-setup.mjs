/** Synthesizes the app and the test catalogue's app once, before all tests. With the CDK CLI: `test/lib/cli-synth.long.test.ts`. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { appChoices } from './app-choices.ts';

const run = promisify(execFile);

export default async function globalSetup() {
  // `assemblies.ts` reads it in the workers, which inherit the environment.
  process.env.TEST_ASSEMBLIES = await mkdtemp(join(tmpdir(), 'assemblies-'));
  // `lib/defaults/bundle.ts` reads it: the apps that tests synthesize have mostly the same functions, in each run.
  process.env.BUNDLE_CACHE = resolve('node_modules/.cache/mcp-async-operations');
  // esbuild bundles with a tenth less CPU time when it collects garbage less often. Tests synthesize apps, too.
  process.env.GOGC ??= '400';
  const env = {
    ...process.env,
    // CDK's check of a template takes up to 8 s of CPU time.
    CDK_VALIDATION: 'false',
    // The same directory as in `local/cli/synthesize.ts`: the apps that tests synthesize find it filled.
    NODE_COMPILE_CACHE: join(process.env.BUNDLE_CACHE, 'compiled'),
  };
  const { context } = JSON.parse(await readFile('cdk.json', 'utf8'));
  const { assemblies } = await import('./assemblies.ts');
  const synthesize = (app, directory, variables = {}) =>
    run(process.execPath, [...process.execArgv, app], {
      env: { ...env, ...variables, CDK_OUTDIR: directory },
    });
  await Promise.all([
    synthesize('bin/app.ts', assemblies.app, {
      CDK_CONTEXT_JSON: JSON.stringify({ ...context, ...appChoices }),
    }),
    synthesize('test/fixtures/app.ts', assemblies.test),
  ]);
}
