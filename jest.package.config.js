import { common } from './jest.config.js';

/** Packs the package, and installs it from the registry's packages: too slow for `npm test`, and a step of CI. Each file builds `dist`, so they run in turn. */
export default { ...common, testMatch: ['<rootDir>/test/**/*.package.test.ts'], maxWorkers: 1 };
