/** Locates the cloud assemblies of the tests, in a directory per run, so that concurrent runs do not collide. */

const directory = process.env.TEST_ASSEMBLIES ?? '';

export const assemblies = {
  /** The app as deployed. */
  app: `${directory}/app`,
  /** The same stack with the catalogue of `test/fixtures`. */
  test: `${directory}/test`,
} as const;
