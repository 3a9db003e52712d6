import { common } from './jest.config.js';

/**
 * Runs programs as people do: the packed package in an app of its own, the tutorial, `npm start`, package managers, the official suite.
 * Too slow for `npm test`, and a step of CI. Some files build `dist`, so all run in turn.
 */
export default { ...common, testMatch: ['<rootDir>/test/**/*.program.test.ts'], maxWorkers: 1 };
