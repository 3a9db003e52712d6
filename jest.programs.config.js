import { common } from './jest.config.js';

/**
 * Runs programs as people do: the command line, the packed package in an app of its own, the tutorial, package managers, the official
 * suite. Too slow for `npm test`, and a step of CI. Some files build `dist`, so all run in turn.
 */
export default { ...common, testMatch: ['<rootDir>/test/**/*.program.test.ts'], maxWorkers: 1 };
