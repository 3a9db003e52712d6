import { common } from './jest.config.js';

/**
 * Runs programs as people do: the packed package in an app of its own, the tutorial, `npm start`, package managers, the official suite;
 * and long runs of what `npm test` does in short. A step of CI. Some files build `dist`, so all run in turn.
 */
export default {
  ...common,
  testMatch: ['<rootDir>/test/**/*.program.test.ts'],
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  maxWorkers: 1,
};
