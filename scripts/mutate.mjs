// Runs the mutation tests, which measure how many mutants of the sources the fast tests kill. See tools/mutation.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const TOOL = 'tools/mutation';

/** Installs StrykerJS on demand, with separate dependencies that no other command needs. */
function install() {
  const stamp = `${TOOL}/node_modules/.installed-lock`;
  const lock = createHash('sha256')
    .update(readFileSync(`${TOOL}/package-lock.json`))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.error('Installing StrykerJS (npm ci) …');
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: TOOL,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  writeFileSync(stamp, lock);
}

function run(command, args, options = {}) {
  const { status } = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (status !== 0) process.exit(status ?? 1);
}

install();
run(process.execPath, [
  `${TOOL}/node_modules/@stryker-mutator/core/bin/stryker.js`,
  'run',
  `${TOOL}/stryker.config.json`,
  ...process.argv.slice(2),
]);
