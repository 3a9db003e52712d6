/** Lists the files that npm would publish, with npm's own library. */
import { OperationError } from 'mcp-async-operations/operation';
import { marked, type SandboxContext } from 'mcp-async-operations/steps';
import type { JobDirectory } from './job-directory.ts';
import { entryPoint } from './managers/commands.ts';
import type { BuildInput } from './operation.ts';
import { runProcess } from './run-process.ts';

/**
 * `npm pack` also makes the archive, which can hang for hard links, and needs a name and a version. npm's library takes only
 * lists of texts as "files". The output is ASCII: logs remove invisible characters, which names can have.
 */
const PROGRAM = `
const { createRequire } = require('node:module');
const [npm, path] = process.argv.slice(1);
const load = createRequire(npm);
const Arborist = load('@npmcli/arborist');
const packlist = load('npm-packlist');
const escape = (unit) => '\\\\u' + unit.charCodeAt(0).toString(16).padStart(4, '0');
new Arborist({ path }).loadActual().then(async (tree) => {
  const { files } = tree.package;
  if (Array.isArray(files)) tree.package.files = files.filter((file) => typeof file === 'string');
  else delete tree.package.files;
  const list = await packlist(tree, { path, prefix: path });
  process.stdout.write(JSON.stringify(list).replace(/[^\\x20-\\x7e]/g, escape));
});
`;

/**
 * @returns paths relative to the tree
 * @throws OperationError SCRIPT_FAILED with npm's error in the log
 */
export async function npmPackList(
  { input, signal, log }: SandboxContext<BuildInput>,
  directory: JobDirectory,
): Promise<string[]> {
  let json = '';
  // Lambda's Node.js needs the library path to start; the program needs no other variable.
  const { LD_LIBRARY_PATH = '' } = process.env;
  const { exitCode } = await runProcess({
    ...marked({
      command: process.execPath,
      args: ['-e', PROGRAM, entryPoint('npm'), directory.tree],
      env: { LD_LIBRARY_PATH, HOME: directory.home, TMPDIR: directory.scratch },
    }),
    cwd: directory.tree,
    signal,
    onLines: (text, stream) => {
      if (stream === 'stdout') json += text.replaceAll('\n', '');
      else log.write(text);
    },
  });
  if (exitCode === 0) return JSON.parse(json) as string[];
  throw new OperationError(
    'SCRIPT_FAILED',
    `npm could not list the files of "${input.project}" that its "files" or .npmignore select. Read the log of the step.`,
    { details: { exit_code: exitCode ?? 0, script: 'npm pack' } },
  );
}
