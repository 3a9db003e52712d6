// Compiles the package into dist: JavaScript and types of the constructs, the function modules and the local cloud, and the
// pages. Passes its arguments to the compiler.
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', ...process.argv.slice(2));
for (const page of ['console', 'card']) run('console/build.ts', page, `dist/pages/${page}`);
chmodSync('dist/local/cli/bin.js', 0o755);

function run(...args) {
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
