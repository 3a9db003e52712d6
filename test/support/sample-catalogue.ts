/** The catalogue of the samples, for tests that look at templates. */
import { fileURLToPath } from 'node:url';
import { operations } from '../../lambdas/operations/index.ts';
import type { Catalogue } from '../../lib/catalogue.ts';

export const samples: Catalogue = {
  operations,
  module: fileURLToPath(new URL('../../lambdas/operations/index.ts', import.meta.url)),
};
