// Generates the API reference, docs/api, from doc comments. With --check, it fails when the reference is stale.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TOOL = 'tools/api-docs';
const REFERENCE = 'docs/api';

/** Installs TypeDoc on demand, with separate dependencies: it needs the last TypeScript with a JavaScript API. */
function install() {
  const stamp = `${TOOL}/node_modules/.installed-lock`;
  const lock = createHash('sha256')
    .update(readFileSync(`${TOOL}/package-lock.json`))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.error('Installing TypeDoc (npm ci) …');
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: TOOL });
  writeFileSync(stamp, lock);
}

function run(command, args, options = {}) {
  const { status } = spawnSync(command, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
    ...options,
  });
  if (status !== 0) process.exit(status ?? 1);
}

function filesOf(directory) {
  if (!existsSync(directory)) return new Map();
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((file) =>
    file.isFile(),
  );
  return new Map(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path.slice(directory.length + 1), readFileSync(path, 'utf8')];
    }),
  );
}

install();
const output = mkdtempSync(join(tmpdir(), 'api-docs-'));
try {
  run(process.execPath, [
    `${TOOL}/node_modules/typedoc/bin/typedoc`,
    '--options',
    TOOL,
    '--out',
    output,
    '--logLevel',
    'Warn',
  ]);
  if (!process.argv.includes('--check')) {
    rmSync(REFERENCE, { recursive: true, force: true });
    cpSync(output, REFERENCE, { recursive: true });
  } else {
    const [now, then] = [filesOf(output), filesOf(REFERENCE)];
    const stale = [...new Set([...now.keys(), ...then.keys()])].filter(
      (file) => now.get(file) !== then.get(file),
    );
    if (stale.length > 0) {
      console.error(
        `${REFERENCE} is stale: ${stale.slice(0, 5).join(', ')}. Run \`npm run api-docs\` and commit the result.`,
      );
      process.exitCode = 1;
    }
  }
} finally {
  rmSync(output, { recursive: true, force: true });
}
