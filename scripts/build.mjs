// Compiles the package into dist: JavaScript and types of the constructs, the function modules and the local cloud.
// Passes its arguments to the compiler.
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
const { status } = spawnSync(
  process.execPath,
  ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', ...process.argv.slice(2)],
  {
    stdio: 'inherit',
  },
);
if (status !== 0) process.exit(status ?? 1);
chmodSync('dist/local/cli/bin.js', 0o755);
