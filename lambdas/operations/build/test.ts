/** Step 3: the project's own tests. What they write stays out of the artifact. */
import type { SandboxedStepOf } from 'mcp-async-operations/steps';
import { inJobDirectory } from './job-directory.ts';
import { readManifest } from './manifest.ts';
import { runScript } from './npm.ts';
import type { build } from './operation.ts';
import { restoreTree, treeChanges } from './tree.ts';

/** What `npm init` writes where there are no tests. */
const NO_TESTS = 'echo "Error: no test specified" && exit 1';

export const test: SandboxedStepOf<typeof build, 'test'> = (context) =>
  inJobDirectory(context, async (directory) => {
    await restoreTree(context, directory, context.results.compile.snapshot);
    const { scripts } = await readManifest(directory.tree);
    if (!scripts?.test || scripts.test === NO_TESTS) {
      context.log.write('Skipped: package.json has no test script.\n');
      return { ran: false };
    }
    // Without the marker the next step restores the tree as it was before the tests.
    await treeChanges(directory);
    await runScript(context, directory, 'test');
    return { ran: true };
  });
