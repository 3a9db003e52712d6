/** Where the tests' cloud assemblies are; made anew by every run. */
import { fileURLToPath } from 'node:url';

const directory = fileURLToPath(new URL('../../node_modules/.cache/assemblies', import.meta.url));

export const assemblies = {
  directory,
  /** The app as it is deployed. */
  app: `${directory}/app`,
  /** The same stack with the catalogue of `test/fixtures`. */
  test: `${directory}/test`,
} as const;
