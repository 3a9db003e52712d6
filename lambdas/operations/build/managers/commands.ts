/** Writes the commands of Node.js and of the shipped package managers for a project's scripts: Lambda's PATH has Node.js alone. */
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Commands by name, with their package and its program. */
const COMMANDS = {
  npm: ['npm', 'bin/npm-cli.js'],
  npx: ['npm', 'bin/npx-cli.js'],
  pnpm: ['pnpm', 'bin/pnpm.cjs'],
  pnpx: ['pnpm', 'bin/pnpx.cjs'],
  yarn: ['yarn', 'bin/yarn.js'],
  yarnpkg: ['yarn', 'bin/yarn.js'],
} as const;
type Command = keyof typeof COMMANDS;

/** The package managers of the function package. */
export type ManagerName = 'npm' | 'pnpm' | 'yarn';

/** Writes commands that run the shipped package managers with the Node.js of this process. */
export async function writeCommands(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await symlink(process.execPath, join(directory, 'node'));
  for (const name of Object.keys(COMMANDS) as Command[]) {
    const command = [process.execPath, entryPoint(name)].map(quote).join(' ');
    await writeFile(join(directory, name), `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
  }
}

/** @returns the file of the function package that runs a command */
export function entryPoint(name: Command): string {
  const [packageName, program] = COMMANDS[name];
  return join(packagesDirectory(), packageName, program);
}

/** @returns the version of a package manager in the function package, such as `10.34.9` */
export async function shippedVersion(name: ManagerName): Promise<string> {
  const manifest = await readFile(join(packagesDirectory(), name, 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { readonly version: string }).version;
}

function packagesDirectory(): string {
  const root = process.env.LAMBDA_TASK_ROOT;
  if (!root)
    throw new Error('LAMBDA_TASK_ROOT is not set. Set it to the directory that contains node_modules/npm.');
  return join(root, 'node_modules');
}

/** Quotes a word for the shell. */
function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
