/** Runs step 3: the tests of the project. Files that they write do not get into the artifact. */
import type { SandboxedStepOf } from 'mcp-async-operations/steps';
import { withJobDirectory } from './job-directory.ts';
import { runScript } from './managers/run-manager.ts';
import { readManifest } from './manifest.ts';
import type { build } from './operation.ts';
import { clearMarker, restoreTree } from './tree.ts';

/** The test script that `npm init` writes. */
const NO_TESTS = 'echo "Error: no test specified" && exit 1';

export const test: SandboxedStepOf<typeof build, 'test'> = (context) =>
  withJobDirectory(context, async (directory) => {
    await restoreTree(context, directory, context.results.compile.snapshot);
    const { scripts } = await readManifest(directory.tree);
    if (!scripts?.test || scripts.test === NO_TESTS) {
      context.log.write('Skipped: package.json has no test script.\n');
      return { ran: false };
    }
    // Without the marker, the next step restores the tree from before the tests.
    await clearMarker(directory);
    await runScript(context, directory, context.results.install.manager, 'test');
    return { ran: true };
  });
