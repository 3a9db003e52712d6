/** Adds the files of a page to a function's code. The package contains them; the repository builds them. */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BundleCache } from './bundle-cache.ts';

/** The console, a single-page app in the browser; or the card of a job, in a chat. */
export type Page = 'console' | 'card';

/** In the package, the directory of the built pages and no sources. */
const packageRoot = fileURLToPath(new URL('../..', import.meta.url));
const sourceDirectory = join(packageRoot, 'console');
const builder = join(sourceDirectory, 'build.ts');

/** @throws Error with the messages of the bundler */
export function addPage(page: Page, directory: string): void {
  if (!existsSync(builder)) {
    cpSync(join(packageRoot, 'pages', page), directory, { recursive: true });
    return;
  }
  mkdirSync(directory, { recursive: true });
  for (const [name, text] of Object.entries(builtFiles(page))) writeFileSync(join(directory, name), text);
}

/** Returns the text of each file by its name, from the directory `BUNDLE_CACHE` when the sources are unchanged. */
function builtFiles(page: Page): Record<string, string> {
  const { BUNDLE_CACHE } = process.env;
  if (!BUNDLE_CACHE) return build(page);
  const cache = new BundleCache(BUNDLE_CACHE);
  // A copied cache has the pages of the sources that it was made from.
  const files = cache.readOrMake(['page', page, sourceDirectory], () => {
    const sources = readdirSync(sourceDirectory, { recursive: true, encoding: 'utf8' });
    return {
      code: JSON.stringify(build(page)),
      // The lock file has the versions of the libraries.
      sources: [
        join(packageRoot, 'package-lock.json'),
        ...sources.map((name) => join(sourceDirectory, name)),
      ],
    };
  });
  return JSON.parse(files);
}

function build(page: Page): Record<string, string> {
  const directory = mkdtempSync(join(tmpdir(), 'page-'));
  try {
    const { status, stderr } = spawnSync(process.execPath, [builder, page, directory], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`The page "${page}" could not be built: ${stderr}`);
    return Object.fromEntries(
      readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'utf8')]),
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}
