import config, { cloud } from './jest.config.js';

/** Runs what `npm test` runs in short: builds with npm, long runs of faults, and audits of whole stacks. A step of CI. */
export default {
  ...config,
  projects: [{ ...cloud, displayName: 'long', testMatch: ['<rootDir>/test/**/*.long.test.ts'] }],
};
