/**
 * Builds a page into a directory: the console (`index.html`, `app.js`, `app.css`) or the card (`card.html`).
 *
 * Usage: node console/build.ts <console|card> <directory>
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, buildSync } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));

const options = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['chrome120', 'firefox121', 'safari17'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
} satisfies BuildOptions;

function buildConsole(directory: string): void {
  buildSync({ ...options, entryPoints: { app: 'app/main.tsx' }, outdir: directory });
  cpSync(join(here, 'app/index.html'), join(directory, 'index.html'));
}

/** Writes one file, with its script and its styles inside. */
function buildCard(directory: string): void {
  const { outputFiles } = buildSync({
    ...options,
    entryPoints: { card: 'card/main.tsx' },
    outdir: directory,
    write: false,
  });
  const text = (extension: string) => outputFiles.find(({ path }) => path.endsWith(extension))?.text ?? '';
  const html = readFileSync(join(here, 'card/card.html'), 'utf8')
    // Functions as replacements: a text would interpret `$&`.
    .replace('<style></style>', () => `<style>${text('.css')}</style>`)
    // A script element ends at the first `</script`, also inside of a string.
    .replace(
      '<script></script>',
      () => `<script>${text('.js').replaceAll('</script', '<\\/script')}</script>`,
    );
  writeFileSync(join(directory, 'card.html'), html);
}

const builders = new Map([
  ['console', buildConsole],
  ['card', buildCard],
]);

const [, , page = '', directory] = argv;
const build = builders.get(page);
if (!build || directory === undefined) {
  throw new Error('Name a page and a directory: node console/build.ts <console|card> <directory>');
}
mkdirSync(directory, { recursive: true });
build(directory);
