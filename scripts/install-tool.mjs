// Installs a tool with dependencies of its own, on demand: they would slow the installation of the project.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** Installs the locked dependencies of the tool in `directory`, unless they are installed. */
export function installTool(directory, name) {
  const stamp = `${directory}/node_modules/.installed-lock`;
  const lock = createHash('sha256')
    .update(readFileSync(`${directory}/package-lock.json`))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.error(`Installing ${name} (npm ci) …`);
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  writeFileSync(stamp, lock);
}

/** Runs a command to its end, and ends this process with its exit code when it fails. */
export function run(command, args, options = {}) {
  const { status } = spawnSync(command, args, {
    stdio: 'inherit',
    shell: process.platform === 'win32' && command === 'npm',
    ...options,
  });
  if (status !== 0) process.exit(status ?? 1);
}
