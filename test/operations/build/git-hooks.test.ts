/** Tests which commands of install scripts may fail in a project without a Git repository. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withoutGitHooks } from '../../../lambdas/operations/build/managers/git-hooks.ts';

let tree: string;
let file: string;
beforeEach(async () => {
  tree = await mkdtemp(join(tmpdir(), 'git-hooks-'));
  file = join(tree, 'package.json');
});
afterEach(() => rm(tree, { recursive: true, force: true }));

/** @returns the script as it runs during the installation */
async function duringInstall(prepare: string): Promise<string> {
  const manifest = JSON.stringify({ name: 'app', scripts: { prepare } });
  await writeFile(file, manifest);
  let script = '';
  await withoutGitHooks(tree, { scripts: { prepare } } as never, async () => {
    script = JSON.parse(await readFile(file, 'utf8')).scripts.prepare;
  });
  expect(await readFile(file, 'utf8')).toBe(manifest);
  return script;
}

function succeeds(script: string): boolean {
  try {
    execFileSync('/bin/sh', ['-c', script], { cwd: tree, stdio: 'ignore', env: { PATH: tree } });
    return true;
  } catch {
    return false;
  }
}

test.each(['husky', 'husky install', 'npx lefthook install', 'simple-git-hooks', 'false || git config a b'])(
  '%s may fail',
  async (script) => {
    expect(succeeds(await duringInstall(script))).toBe(true);
  },
);

test.each(['husky && exit 3', 'exit 3 && git config a b', 'husky; ./compile', 'git describe > version.txt'])(
  'a failure of another command fails the script: %s',
  async (script) => {
    expect(succeeds(await duringInstall(script))).toBe(false);
  },
);

test.each(['tsc -p .', 'node scripts/git-version.js'])('%s runs unchanged', async (script) => {
  expect(await duringInstall(script)).toBe(script);
});
