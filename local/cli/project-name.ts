/** Chooses the name under which a directory becomes a project. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from '../../lambdas/operations/build/operation.ts';

const MAX_CHARACTERS = 100;

/** A name, and a sentence about it when it is not the directory's. */
export interface ProjectName {
  readonly name: string;
  readonly notice?: string;
}

/**
 * @param given name that the caller gave
 * @returns the given name, else the directory's, else a name derived from the directory's or from package.json
 * @throws Error for a given name that is not a project name
 */
export function projectNameOf(directory: string, given: string | undefined): ProjectName {
  if (given !== undefined) return { name: checked(given) };
  const own = basename(directory);
  const derived = derive(own) || derive(nameInManifest(directory)) || 'project';
  if (derived === own) return { name: own };
  return {
    name: derived,
    notice: `The directory's name ${JSON.stringify(own)} is not a project name: using "${derived}". Give another with --name NAME.`,
  };
}

/** Writes letters without their marks, and a hyphen for what no project name contains. */
function derive(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-zA-Z0-9._-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[^a-zA-Z0-9]+/, '')
    .slice(0, MAX_CHARACTERS)
    .replace(/-+$/, '');
}

function checked(name: string): string {
  const { success, error } = build.input.shape.project.safeParse(name);
  if (success) return name;
  throw new Error(`"${name}" is not a project name: ${error.issues[0]?.message}`);
}

/** @returns the name without its scope; '' when there is none. An unreadable file fails later, with its error. */
function nameInManifest(directory: string): string {
  try {
    const { name } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
    return typeof name === 'string' ? (name.split('/').at(-1) ?? '') : '';
  } catch {
    return '';
  }
}
