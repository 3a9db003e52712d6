// Generates the API reference, docs/api, from doc comments. With --check, it fails when the reference is stale.
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installTool, run } from './install-tool.mjs';

const TOOL = 'tools/api-docs';
const REFERENCE = 'docs/api';

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

/** TypeDoc numbers the anchor of a re-exported name too high. Its first heading is the one without a number. */
function mendAnchors(directory) {
  for (const [file, text] of filesOf(directory)) {
    const mended = text.replaceAll(/^(Re-exports \[\w+\]\(\w+\.md#\w+)-\d+\)/gm, '$1)');
    if (mended !== text) writeFileSync(join(directory, file), mended);
  }
}

// TypeDoc needs the last TypeScript with a JavaScript API, so it has dependencies of its own.
installTool(TOOL, 'TypeDoc');
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
  mendAnchors(output);
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
