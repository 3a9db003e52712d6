/** Reads a cloud assembly: the template of one stack, and the code directories of its functions. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

export interface Template {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown }>>;
  readonly Parameters?: Readonly<Record<string, { readonly Default?: string }>>;
}

export interface Assembly {
  readonly stackName: string;
  readonly template: Template;
  /** Returns the directory of the asset with this key in the bootstrap bucket. @throws Error for an unknown key */
  assetDirectory(objectKey: string): string;
}

interface Manifest {
  readonly artifacts: Readonly<Record<string, Artifact>>;
}

interface Artifact {
  readonly type: string;
  readonly properties?: {
    readonly templateFile?: string;
    readonly file?: string;
    readonly stackName?: string;
  };
}

interface AssetManifest {
  readonly files: Readonly<Record<string, FileAsset>>;
}

interface FileAsset {
  readonly source: { readonly path: string; readonly packaging: string };
  readonly destinations: Readonly<Record<string, { readonly objectKey: string }>>;
}

/** Chooses the stack to run, by its name and the names of its outputs. */
export type IsStack = (name: string, outputs: readonly string[]) => boolean;

/**
 * Reads one stack of the assembly.
 * @param isWanted chooses among several stacks
 * @throws Error when the directory contains no assembly, or not exactly one such stack
 */
export async function readAssembly(directory: string, isWanted?: IsStack): Promise<Assembly> {
  const manifest = await readJson<Manifest>(directory, 'manifest.json');
  const [stackId, { properties }] = await chooseStack(directory, manifest, isWanted);
  const template = await readJson<Template>(directory, properties?.templateFile ?? '');
  const sources = new Map<string, string>();
  for (const [, asset] of artifactsOfType(manifest, 'cdk:asset-manifest')) {
    const { files } = await readJson<AssetManifest>(directory, asset.properties?.file ?? '');
    for (const { source, destinations } of Object.values(files)) {
      for (const { objectKey } of Object.values(destinations)) {
        sources.set(objectKey, resolve(directory, source.path));
      }
    }
  }
  return {
    stackName: properties?.stackName ?? stackId,
    template,
    assetDirectory(objectKey) {
      const source = sources.get(objectKey);
      if (!source)
        throw new Error(
          `The assembly in ${directory} has no asset "${objectKey}". Synthesize the app again.`,
        );
      return source;
    },
  };
}

async function chooseStack(
  directory: string,
  manifest: Manifest,
  isWanted: IsStack = () => true,
): Promise<[string, Artifact]> {
  const stacks = artifactsOfType(manifest, 'aws:cloudformation:stack');
  const wanted: [string, Artifact][] = [];
  for (const [id, stack] of stacks) {
    const { Outputs = {} } = await readJson<Template>(directory, stack.properties?.templateFile ?? '');
    const name = stack.properties?.stackName ?? id;
    if (stacks.length === 1 || isWanted(name, Object.keys(Outputs))) wanted.push([id, stack]);
  }
  const [stack, ...others] = wanted;
  if (stack && others.length === 0) return stack;
  const names = stacks.map(([id, { properties }]) => properties?.stackName ?? id).join(', ');
  throw new Error(
    `The app has ${stacks.length} stacks (${names || 'none'}), and ${wanted.length} of them are to run. ` +
      'The local cloud runs exactly one: name it with --stack NAME, or `stack` of startLocalCloud.',
  );
}

function artifactsOfType(manifest: Manifest, type: string): [string, Artifact][] {
  return Object.entries(manifest.artifacts).filter(([, artifact]) => artifact.type === type);
}

async function readJson<T>(directory: string, file: string): Promise<T> {
  return JSON.parse(await readFile(resolve(directory, file), 'utf8')) as T;
}
