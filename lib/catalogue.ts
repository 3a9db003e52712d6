/** Loads and checks the catalogue of an app: its operations, and the module that function bundles include. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { ENGINE_TOOLS } from '../lambdas/definition/engine-tools.ts';
import {
  isStateMachineOperation,
  type OperationDefinition,
  type StepsOperation,
  toolNameOf,
} from '../lambdas/definition/operation-definition.ts';

/** The operations of an app, as `loadOperations` returns them. */
export interface Catalogue {
  /** The definitions of the operations to deploy. */
  readonly operations: readonly OperationDefinition[];
  /** Path of the module that exports `operations`. Function bundles include it. */
  readonly module: string;
}

/** Options of `loadOperations`. */
export interface LoadOperationsOptions {
  /** Names of the operations to deploy. @default all */
  readonly only?: readonly string[];
}

/** Imports that definitions must not have: the MCP function bundles every definition, and `cdk synth` runs them. */
const FORBIDDEN_IMPORT = /^(@aws-sdk\/|@smithy\/|aws-sdk(\/|$)|aws-cdk-lib(\/|$)|constructs$)/;

/**
 * Loads the module that exports `operations`, and checks it.
 * @param module URL or path of the module: `new URL('./operations/index.ts', import.meta.url)`
 * @returns the catalogue, for the `operations` property of `AsyncOperations`
 * @throws Error naming the module and the remedy, when the module does not exist or exports no operations. Also when two
 *   operations have one name, a handler file does not exist, or a definition imports the AWS SDK or CDK
 * @example
 * ```ts
 * const operations = await loadOperations(new URL('../operations/index.ts', import.meta.url));
 * new AsyncOperations(stack, 'Operations', { operations });
 * ```
 */
export async function loadOperations(
  module: URL | string,
  { only }: LoadOperationsOptions = {},
): Promise<Catalogue> {
  const named = typeof module === 'string' && !module.startsWith('file:') ? module : fileURLToPath(module);
  const file = sourceFile(named);
  if (file === undefined) {
    throw new Error(
      `The catalogue ${named} does not exist: give the URL of the module that exports operations.`,
    );
  }
  await checkImports(file);
  const { operations } = (await import(pathToFileURL(file).href)) as { readonly operations?: unknown };
  if (!isCatalogue(operations)) {
    throw new Error(
      `The catalogue ${file} exports no operations: add \`export const operations = [build];\` with what defineOperation returns.`,
    );
  }
  const names = operations.map(({ name }) => name);
  const duplicate = names.find((name, index) => names.indexOf(name) !== index);
  if (duplicate !== undefined) {
    throw new Error(`The catalogue ${file} has two operations named "${duplicate}": rename one of them.`);
  }
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new Error(`The catalogue ${file} has no operation "${unknown}". Use one of: ${names.join(', ')}.`);
  }
  const deployed = operations.filter(({ name }) => only?.includes(name) ?? true);
  checkToolNames(
    deployed.filter(({ retired }) => !retired),
    file,
  );
  for (const operation of deployed) if (!isStateMachineOperation(operation)) handlerFile(operation, file);
  return { operations: deployed, module: file };
}

/**
 * Returns the path of the module that runs the steps of an operation.
 * @param catalogue path of the module that exports `operations`
 * @throws Error naming the expected file, when it does not exist
 */
export function handlerFile({ name, handler }: StepsOperation, catalogue: string): string {
  const named = handler
    ? fileURLToPath(handler)
    : join(dirname(catalogue), name.replaceAll('_', '-'), 'steps.lambda.ts');
  const file = sourceFile(named);
  if (file !== undefined) return file;
  throw new Error(
    `Operation "${name}" has no handler file ${named}: create it, or give the definition \`handler: new URL('./steps.lambda.ts', import.meta.url)\`.`,
  );
}

/** @throws Error naming the tool, when two tools would have one name or alias */
function checkToolNames(operations: readonly OperationDefinition[], catalogue: string): void {
  const listings = new Set(operations.flatMap(({ listing }) => listing ?? []));
  const names = [
    ...ENGINE_TOOLS,
    ...operations.flatMap((operation) => [toolNameOf(operation), ...(operation.aliases ?? [])]),
    ...[...listings].map(({ toolName }) => toolName),
  ];
  const duplicate = names.find((name, index) => names.indexOf(name) !== index);
  if (duplicate === undefined) return;
  throw new Error(
    `The catalogue ${catalogue} has two tools named "${duplicate}": give one of its operations another toolName, or remove an alias.`,
  );
}

/** Returns the file, or the JavaScript file that a build created from it; undefined when neither exists. */
function sourceFile(file: string): string | undefined {
  return [file, file.replace(/\.ts$/, '.js'), file.replace(/\.ts$/, '.mjs')].find((path) => existsSync(path));
}

function isCatalogue(value: unknown): value is readonly OperationDefinition[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((entry) => typeof entry?.name === 'string' && typeof entry.input?.shape === 'object')
  );
}

/** @throws Error naming the file and the import, when a definition imports a package for steps or constructs only */
async function checkImports(file: string): Promise<void> {
  const { metafile } = await build({
    entryPoints: [file],
    absWorkingDir: dirname(file),
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
  });
  for (const [input, { imports }] of Object.entries(metafile.inputs)) {
    const forbidden = imports.find(({ path }) => FORBIDDEN_IMPORT.test(path));
    if (!forbidden) continue;
    throw new Error(
      `${join(dirname(file), input)} imports ${forbidden.path}, and the catalogue ${basename(file)} includes that file: ` +
        'import it in steps.lambda.ts, and keep definitions plain data.',
    );
  }
}
