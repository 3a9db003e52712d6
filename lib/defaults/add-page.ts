/** Adds the files of a page to a function's code. The package contains them; the repository builds them. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The console, a single-page app in the browser; or the card of a job, in a chat. */
export type Page = 'console' | 'card';

/** In the package, the directory of the built pages and no sources. */
const packageRoot = fileURLToPath(new URL('../..', import.meta.url));

/** @throws Error with the messages of the bundler */
export function addPage(page: Page, directory: string): void {
  const builder = join(packageRoot, 'console/build.ts');
  if (!existsSync(builder)) {
    cpSync(join(packageRoot, 'pages', page), directory, { recursive: true });
    return;
  }
  const cached = process.env.BUNDLE_CACHE && join(process.env.BUNDLE_CACHE, `page-${page}`);
  if (cached && existsSync(cached)) {
    cpSync(cached, directory, { recursive: true });
    return;
  }
  const { status, stderr } = spawnSync(process.execPath, [builder, page, directory], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`The page "${page}" could not be built: ${stderr}`);
  if (cached) addToCache(directory, cached);
}

/** Copies the files, then renames the copy: other processes read the cache at the same time. */
function addToCache(directory: string, cached: string): void {
  const copy = `${cached}.${process.pid}`;
  cpSync(directory, copy, { recursive: true });
  try {
    renameSync(copy, cached);
  } catch {
    // Another process was faster.
  }
}
