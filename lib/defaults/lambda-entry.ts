/** Finds the engine's entry modules: TypeScript in the repository, JavaScript in the package. */
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Returns the path of a module of the engine.
 * @param name path below `lambdas/`, without the extension: `mcp/mcp.lambda`
 * @param format `c` for a CommonJS module. @default an ES module
 */
export function lambdaEntry(name: string, format: '' | 'c' = ''): string {
  const extension = extname(import.meta.url).replace('.', `.${format}`);
  return fileURLToPath(new URL(`../../lambdas/${name}${extension}`, import.meta.url));
}
