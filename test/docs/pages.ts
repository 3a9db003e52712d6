/** Lists the pages that people write or that come from sources, but docs/api, which typedoc generates. */
import { globSync } from 'node:fs';

/** Paths relative to the repository. */
export const pages: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...globSync('docs/**/*.md').filter((page) => !page.startsWith('docs/api/')),
  ...globSync('examples/**/README.md', { exclude: ['**/node_modules'] }),
];
