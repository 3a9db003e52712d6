/** Runs step 2: the build script of the project. */
import type { SandboxedStepOf } from 'mcp-async-operations/steps';
import { withJobDirectory } from './job-directory.ts';
import { runScript } from './managers/run-manager.ts';
import { readManifest } from './manifest.ts';
import type { build } from './operation.ts';
import { clearMarker, restoreTree, saveTree } from './tree.ts';

export const compile: SandboxedStepOf<typeof build, 'compile'> = (context) =>
  withJobDirectory(context, async (directory) => {
    const { snapshot, manager } = context.results.install;
    await restoreTree(context, directory, snapshot);
    const { scripts } = await readManifest(directory.tree);
    if (!scripts?.build) {
      context.log.write('Skipped: package.json has no build script.\n');
      return { snapshot, ran: false };
    }
    await clearMarker(directory);
    await runScript(context, directory, manager, 'build');
    context.progress(0.9, 'Saving the tree');
    return { snapshot: await saveTree(context, directory, 'compile'), ran: true };
  });
