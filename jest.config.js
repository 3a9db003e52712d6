import { availableParallelism } from 'node:os';

/** Tests run as ES modules; SWC strips the types, `tsc` checks them. */
const common = {
  testEnvironment: 'node',
  // The package's own name leads to its sources.
  testEnvironmentOptions: { customExportConditions: ['mcp-async-operations-source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } },
    ],
  },
  modulePathIgnorePatterns: [
    '<rootDir>/.stryker-tmp',
    '<rootDir>/cdk.out',
    '<rootDir>/dist',
    '<rootDir>/examples',
    '<rootDir>/tools',
  ],
};

export default {
  projects: [
    {
      ...common,
      // Starts no cloud and no other program.
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['\\.cloud\\.test\\.ts$'],
    },
    {
      ...common,
      // Runs on the local cloud, synthesizes apps, or starts programs.
      displayName: 'cloud',
      testMatch: ['<rootDir>/test/**/*.cloud.test.ts'],
      globalSetup: '<rootDir>/test/support/global-setup.mjs',
      globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
    },
  ],
  // Many tests wait for servers, child processes and retries: two workers a core, where Jest would leave one core free.
  maxWorkers: availableParallelism() * 2,
  testSequencer: '<rootDir>/test/support/slow-first-sequencer.mjs',
  // Node keeps the ES modules of each test file: a worker of 3 GB spends its time on garbage collection.
  workerIdleMemoryLimit: '1GB',
  reporters: ['default', '<rootDir>/test/support/slowest-tests-reporter.mjs'],
  testTimeout: 120_000,
};
