/** The operation that the README adds, taken from the README: two files and one line, and it runs. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { startLocalCloud } from '../../local/cloud.ts';
import { synthesizeSource } from '../support/synthesize-source.ts';
import { call, connect } from '../support/test-cloud.ts';

/** In the repository: functions are bundled from files below its root. */
const directory = join('test', `.readme-${process.pid}`);

/** The catalogue's own operations stay as they are, and so do the imports of its index. */
async function writeCatalogue(): Promise<void> {
  const readme = await readFile('README.md', 'utf8');
  const [, example = ''] = /```ts\n(\/\/ lambdas\/operations\/resize[\s\S]*?)```/.exec(readme) ?? [];
  const parts = example.split(/^\/\/ (lambdas\/operations\/\S+)\n/m).slice(1);
  const files = Object.fromEntries(
    parts.flatMap((path, index) => (index % 2 === 0 ? [[path, parts[index + 1] ?? '']] : [])),
  );
  expect(Object.keys(files)).toEqual([
    'lambdas/operations/resize/operation.ts',
    'lambdas/operations/resize/steps.lambda.ts',
    'lambdas/operations/index.ts',
  ]);
  const index = await readFile('lambdas/operations/index.ts', 'utf8');
  const line = files['lambdas/operations/index.ts']?.trim() ?? '';
  const listEnd = /^\];$/m;
  // One line more, and its import.
  expect(index).toMatch(listEnd);
  const operations = `import { resize } from './resize/operation.ts';\n${index.replace(listEnd, `  ${line}\n];`)}`;
  const elsewhere = (text: string) => text.replaceAll(/'\.\.\/(?!resize)/g, "'../../../lambdas/operations/");
  const written = {
    'resize/operation.ts': elsewhere(files['lambdas/operations/resize/operation.ts'] ?? ''),
    'resize/steps.lambda.ts': elsewhere(files['lambdas/operations/resize/steps.lambda.ts'] ?? ''),
    'index.ts': operations.replaceAll(
      /'\.\/(build|call-api|deploy|download|migrate|read-file|search|upload|define-operation)/g,
      "'../../lambdas/operations/$1",
    ),
    // The stack with this catalogue: of the others no function is made, their folders being elsewhere.
    'app.ts': `
import { fileURLToPath } from 'node:url';
import { App } from 'aws-cdk-lib';
import { AsyncOperationsStack } from '../../lib/async-operations-stack.ts';
import { operations } from './index.ts';
new AsyncOperationsStack(new App(), 'Readme', {
  authorization: { mode: 'iam' },
  operations: operations.filter(({ name }) => name === 'resize'),
  catalogue: fileURLToPath(new URL('./index.ts', import.meta.url)),
});
`,
  };
  for (const [path, text] of Object.entries(written)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
}

afterAll(() => rm(directory, { recursive: true, force: true }));

test('a client starts it by its tool, and gets what its last step returns', async () => {
  await writeCatalogue();
  const assemblyDirectory = await synthesizeSource(join(directory, 'assembly'), join(directory, 'app.ts'));
  const cloud = await startLocalCloud({ assemblyDirectory });
  const client = await connect(cloud);
  const { data } = await call(client, 'start_resize', { folder: 'holidays', wait_seconds: 30 });
  expect(data).toMatchObject({ status: 'completed', step: 'report', result: { images: 12 } });
  const { contents } = await client.readResource({ uri: `job://${data.job_id}/log/scan` });
  expect(contents).toMatchObject([{ text: 'Looking into holidays\n' }]);
  await client.close();
  await cloud.close();
}, 60_000);
