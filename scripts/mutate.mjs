// Runs the mutation tests, which measure how many mutants of the sources the fast tests kill. See tools/mutation.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const TOOL = 'tools/mutation';
/** Each folder needs this score. */
const LEAST_PERCENT = 90;

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

/** Returns the share of killed mutants by folder, in percent. */
function scores() {
  const { files } = JSON.parse(readFileSync('reports/mutation/mutation.json', 'utf8'));
  const counts = new Map();
  for (const [path, { mutants }] of Object.entries(files)) {
    const folder = path.split('/').slice(0, 2).join('/');
    const count = counts.get(folder) ?? { all: 0, killed: 0 };
    for (const { status } of mutants) {
      if (!['Killed', 'Timeout', 'Survived', 'NoCoverage'].includes(status)) continue;
      count.all += 1;
      if (status === 'Killed' || status === 'Timeout') count.killed += 1;
    }
    counts.set(folder, count);
  }
  return [...counts].map(([folder, { all, killed }]) => ({ folder, all, percent: (100 * killed) / all }));
}

install();
run(process.execPath, [
  `${TOOL}/node_modules/@stryker-mutator/core/bin/stryker.js`,
  'run',
  `${TOOL}/stryker.config.json`,
  ...process.argv.slice(2),
]);
for (const { folder, all, percent } of scores()) {
  console.log(`${folder}: ${percent.toFixed(1)} % of ${all} mutants killed`);
  if (percent >= LEAST_PERCENT) continue;
  console.error(`${folder} is below ${LEAST_PERCENT} %. Write tests for the mutants that survive.`);
  process.exitCode = 1;
}
