/** Starts a browser without a window: Chromium of an npm package on Linux, an installed Chrome elsewhere. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';

export const VIEWPORT = { width: 1_200, height: 760 };

/**
 * Not the arguments of the package, which switch off the rules between sites, and which put everything into one process.
 * Containers of CI often allow no sandbox, and have little shared memory.
 */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--font-render-hinting=none',
  '--force-color-profile=srgb',
];

/** Fonts, language and time zone of the pages, which are otherwise those of the machine. */
const ENVIRONMENT = {
  FONTCONFIG_FILE: fileURLToPath(new URL('fonts.conf', import.meta.url)),
  LANGUAGE: 'en_US',
  TZ: 'UTC',
};

/** Whether the browser is the one of the npm package: only it draws the same pixels on each machine. */
export const isPinnedBrowser = process.platform === 'linux' && process.arch === 'x64';

/** Close it at the end. @throws Error when no browser is installed, outside of Linux on x64 */
export async function launchBrowser(): Promise<Browser> {
  const common = { defaultViewport: VIEWPORT, headless: 'shell' } as const;
  if (!isPinnedBrowser) return puppeteer.launch({ ...common, channel: 'chrome' });
  return puppeteer.launch({
    ...common,
    args: ARGUMENTS,
    env: { ...process.env, ...ENVIRONMENT },
    executablePath: chromiumPath(),
  });
}

/**
 * Returns the path of the browser of the package, which it unpacks once. The package itself unpacks to the directory for temporary
 * files, and then takes whatever version it finds there.
 */
function chromiumPath(): string {
  const modules = fileURLToPath(new URL('../../node_modules/', import.meta.url));
  const { version } = JSON.parse(readFileSync(join(modules, '@sparticuz/chromium/package.json'), 'utf8'));
  const cache = join(modules, '.cache', 'chromium');
  const directory = join(cache, version);
  if (existsSync(directory)) return join(directory, 'chromium');
  mkdirSync(cache, { recursive: true });
  const unpacked = mkdtempSync(`${directory}-`);
  const script = "import('@sparticuz/chromium').then(({ default: chromium }) => chromium.executablePath())";
  try {
    execFileSync(process.execPath, ['--eval', script], {
      cwd: modules,
      env: { ...process.env, TMPDIR: unpacked },
    });
    renameSync(unpacked, directory);
  } catch (error) {
    // Another process was faster.
    if (!existsSync(directory)) throw error;
  } finally {
    rmSync(unpacked, { recursive: true, force: true });
  }
  return join(directory, 'chromium');
}

export type Theme = 'light' | 'dark';

export async function setTheme(page: Page, theme: Theme): Promise<void> {
  await page.emulateMediaFeatures([
    { name: 'prefers-color-scheme', value: theme },
    { name: 'prefers-reduced-motion', value: 'reduce' },
  ]);
}
