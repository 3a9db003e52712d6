import { availableParallelism } from 'node:os';

/** Tests run in bare Node.js, which strips the types; `tsc` checks them. Modules are loaded once for all test files. */
export const common = {
  runner: ['<rootDir>/test/support/light-runner.mjs', { runtime: 'child_process' }],
  // The default loads Babel into each worker.
  transform: {},
  setupFilesAfterEnv: ['<rootDir>/test/support/runner-setup.mjs'],
  modulePathIgnorePatterns: [
    '<rootDir>/.stryker-tmp',
    '<rootDir>/cdk.out',
    '<rootDir>/dist',
    '<rootDir>/examples',
    '<rootDir>/tools',
  ],
};

/** Runs on the local cloud, synthesizes apps, or starts programs. */
export const cloud = {
  ...common,
  displayName: 'cloud',
  testMatch: ['<rootDir>/test/**/*.cloud.test.ts'],
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
};

export default {
  projects: [
    {
      ...common,
      // Starts no cloud and no other program.
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['\\.(browser|cloud|long|program)\\.test\\.ts$'],
    },
    cloud,
  ],
  // Many tests wait for servers, child processes and retries: two workers a core, where Jest would leave one core free.
  maxWorkers: availableParallelism() * 2,
  testSequencer: '<rootDir>/test/support/mixed-sequencer.mjs',
  reporters: ['default', '<rootDir>/test/support/slowest-tests-reporter.mjs'],
};
