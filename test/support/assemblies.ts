/** Where the tests' cloud assemblies are: in a directory of this run's own, so that two runs at once do not meet. */

const directory = process.env.TEST_ASSEMBLIES ?? '';

export const assemblies = {
  /** The app as it is deployed. */
  app: `${directory}/app`,
  /** The same stack with the catalogue of `test/fixtures`. */
  test: `${directory}/test`,
} as const;
