/** Reads the commands and the files of the tutorial, so that tests run what the page says. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export const PAGE = 'docs/start/tutorial.md';
/** The blocks of the page from here on need an AWS account. */
const DEPLOY = '## 6. Deploy it';

/** A block of code of the page. */
export interface Block {
  /** `sh`, `ts`, …, and what the page says of it: `pack`, `serve`, `call`, `deploy`. */
  readonly kind: string;
  readonly text: string;
}

/** Returns the blocks of the steps on this machine, and those of the steps that need an account, in the order of the page. */
export async function tutorialBlocks(): Promise<{
  readonly local: readonly Block[];
  readonly deployed: readonly Block[];
}> {
  const [local = '', deployed = ''] = (await readFile(PAGE, 'utf8')).split(DEPLOY);
  return { local: blocksOf(local), deployed: blocksOf(deployed) };
}

function blocksOf(text: string): readonly Block[] {
  return [...text.matchAll(/```(.+)\n([\s\S]*?)```/g)].map(([, kind = '', code = '']) => ({
    kind,
    text: code,
  }));
}

export function isFile({ text }: Block): boolean {
  return text.startsWith('// ');
}

/** Writes a file's block. It begins with a comment that names the file. JSON has no comments, so its file begins after it. */
export async function writeFileOf({ kind, text }: Block, folder: string): Promise<void> {
  const [, name = '', rest = ''] = /^\/\/ (\S+)\n([\s\S]*)$/.exec(text) ?? [];
  const file = join(folder, name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, kind === 'json' ? rest : text);
}
