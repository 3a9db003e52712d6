/** Finds the engine's entry modules: TypeScript in the repository, JavaScript in the package. */
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Returns the path of a module of the engine.
 * @param name path below `lambdas/`, without the extension: `mcp/mcp.lambda`
 */
export function lambdaEntry(name: string): string {
  return fileURLToPath(new URL(`../../lambdas/${name}${extname(import.meta.url)}`, import.meta.url));
}
