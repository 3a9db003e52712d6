/** Measures what a browser loads of the pages: the card of a job, and the console. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Row } from './measure.ts';

const builder = fileURLToPath(new URL('../console/build.ts', import.meta.url));
const LIMITS_KB = { card: 60, console: 150 } as const;

/** @throws Error when a page cannot be built */
export function pageSizes(): readonly Row[] {
  return Object.entries(LIMITS_KB).map(([page, limit]) => ({
    what: `${page}, compressed`,
    value: compressedKb(page),
    unit: 'KB',
    limit,
  }));
}

function compressedKb(page: string): number {
  const directory = mkdtempSync(join(tmpdir(), 'page-'));
  try {
    const { status, stderr } = spawnSync(process.execPath, [builder, page, directory], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`The page "${page}" could not be built: ${stderr}`);
    const sizes = readdirSync(directory).map((file) => gzipSync(readFileSync(join(directory, file))).length);
    return Math.round(sizes.reduce((sum, size) => sum + size, 0) / 100) / 10;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
