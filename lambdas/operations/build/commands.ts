/** Writes the commands `node`, `npm` and `npx` for a project's scripts: Lambda's PATH has Node.js alone. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Writes commands that run the npm of the function package with the Node.js of this process. */
export async function writeCommands(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await symlink(process.execPath, join(directory, 'node'));
  for (const name of ['npm', 'npx'] as const) {
    const command = [process.execPath, entryPoint(name)].map(quote).join(' ');
    await writeFile(join(directory, name), `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
  }
}

/** @returns the file of the function package that runs npm or npx */
export function entryPoint(name: 'npm' | 'npx'): string {
  const root = process.env.LAMBDA_TASK_ROOT;
  if (!root)
    throw new Error('LAMBDA_TASK_ROOT is not set. Set it to the directory that contains node_modules/npm.');
  return join(root, 'node_modules', 'npm', 'bin', `${name}-cli.js`);
}

/** Quotes a word for the shell. */
function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
