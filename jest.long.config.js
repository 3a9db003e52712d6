import config, { cloud } from './jest.config.js';

/** Runs what `npm test` runs in short or leaves out: samples at work, long runs of faults, and audits of whole stacks. A step of CI. */
export default {
  ...config,
  projects: [{ ...cloud, displayName: 'long', testMatch: ['<rootDir>/test/**/*.long.test.ts'] }],
};
