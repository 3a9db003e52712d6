/** Reads the templates of a cloud assembly, with those of its nested stacks. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  DependsOn?: string | string[];
}

export interface Template {
  readonly Resources: Record<string, Resource>;
}

/** Accepts the metadata documents of clients. Neither ministack nor cfn-lint knows the type, the tests of `local/cognito` do. */
export const CIMD_POLICY = 'AWS::Cognito::CIMDPolicy';

/** @returns paths of the template files */
export async function templateFiles(assembly: string): Promise<readonly string[]> {
  const names = await readdir(assembly);
  return names.filter((name) => name.endsWith('.template.json')).map((name) => join(assembly, name));
}

export async function readTemplate(file: string): Promise<Template> {
  return JSON.parse(await readFile(file, 'utf8')) as Template;
}

/** Removes all resources of a type from the templates of an assembly. */
export async function removeResources(assembly: string, type: string): Promise<void> {
  for (const file of await templateFiles(assembly)) {
    const template = await readTemplate(file);
    const removed = Object.keys(template.Resources).filter((id) => template.Resources[id]?.Type === type);
    if (removed.length === 0) continue;
    for (const id of removed) delete template.Resources[id];
    for (const resource of Object.values(template.Resources)) {
      const kept = [resource.DependsOn ?? []].flat().filter((id) => !removed.includes(id));
      if (resource.DependsOn) resource.DependsOn = kept;
    }
    await writeFile(file, JSON.stringify(template));
  }
}
