/** What the entry `./operation` loads at run time: definitions run in `cdk synth` and in the MCP function. */
import { build } from 'esbuild';

test('the entry for definitions loads zod and Node.js, and neither the AWS SDK nor CDK', async () => {
  const { metafile } = await build({
    entryPoints: ['lambdas/definition/index.ts'],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
  });
  const external = Object.values(metafile.inputs).flatMap(({ imports }) =>
    imports.filter((imported) => imported.external).map(({ path }) => path),
  );
  expect([...new Set(external)].filter((path) => !path.startsWith('node:'))).toEqual(['zod']);
});
