/** The catalogue of the samples, and a part of it, for tests that look at templates. */
import { fileURLToPath } from 'node:url';
import { operations } from '../../lambdas/operations/index.ts';
import type { Catalogue } from '../../lib/catalogue.ts';

export const samples: Catalogue = {
  operations,
  module: fileURLToPath(new URL('../../lambdas/operations/index.ts', import.meta.url)),
};

/** One sample with a sandbox and one without: a stack with all samples takes half as much time again. */
export const twoSamples: Catalogue = {
  ...samples,
  operations: samples.operations.filter(({ name }) => name === 'build' || name === 'deploy'),
};
