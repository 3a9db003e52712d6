/** Finds the engine's own modules for functions: TypeScript in the repository, JavaScript in the package. */
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Path of a module of the engine.
 * @param name its path below `lambdas/`, without the extension: `mcp/mcp.lambda`
 */
export function lambdaEntry(name: string): string {
  return fileURLToPath(new URL(`../../lambdas/${name}${extname(import.meta.url)}`, import.meta.url));
}
