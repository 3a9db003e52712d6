import { common } from './jest.config.js';

/** Tests the pages in a real browser: a step of CI of its own. All files use one cloud, one after the other. */
export default {
  ...common,
  testMatch: ['<rootDir>/test/**/*.browser.test.ts'],
  globalTeardown: '<rootDir>/test/browser/global-teardown.mjs',
  testSequencer: '<rootDir>/test/browser/by-name-sequencer.mjs',
  maxWorkers: 1,
};
