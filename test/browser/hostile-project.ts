/** Writes a project that tries to run scripts in the pages that show its build: in names, log lines and errors. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a page must show as text. Each would set `document.title`, or navigate. */
export const ATTACKS = [
  `<script>document.title='attacked'</script>`,
  `<img src=x onerror="document.title='attacked'">`,
  `<a href="javascript:document.title='attacked'">click</a>`,
  `javascript:document.title='attacked'`,
  `"><svg onload="document.title='attacked'">`,
  `{{constructor.constructor("document.title='attacked'")()}}`,
] as const;

/** Ends the color of a line, sets the title of a terminal, and has no end. */
const ANSI = '\u001b[31mred\u001b]0;attacked\u0007\u001b[';

/** @param outcome how its test step ends */
export async function writeHostileProject(directory: string, outcome: 'passes' | 'fails'): Promise<void> {
  const print = [...ATTACKS, ANSI].map((line) => `console.log(${JSON.stringify(line)});`).join('\n');
  const end = outcome === 'fails' ? `throw new Error(${JSON.stringify(ATTACKS.join(' '))});` : '';
  const files = {
    'package.json': JSON.stringify({
      name: 'hostile',
      version: '1.0.0',
      description: ATTACKS[0],
      scripts: { build: 'node compile.js', test: 'node test.js' },
      files: ['dist'],
    }),
    'package-lock.json': JSON.stringify({
      name: 'hostile',
      version: '1.0.0',
      lockfileVersion: 3,
      requires: true,
      packages: { '': { name: 'hostile', version: '1.0.0' } },
    }),
    'compile.js': `${print}
const { mkdirSync, writeFileSync } = require('node:fs');
mkdirSync('dist', { recursive: true });
writeFileSync('dist/<img src=x onerror=document.title=1>.js', '');
`,
    'test.js': `${print}\n${end}\n`,
  };
  await mkdir(directory, { recursive: true });
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(directory, name), text)));
}
