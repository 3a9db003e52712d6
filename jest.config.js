/** Tests run as ES modules; SWC strips the types, `tsc` checks them. */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/cdk.out', '<rootDir>/examples'],
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  // Most tests wait for servers and child processes: a worker a core, where Jest would leave one core free.
  maxWorkers: '100%',
  reporters: ['default', '<rootDir>/test/support/slowest-tests-reporter.mjs'],
  testTimeout: 120_000,
};
