/** Checks the generated pages of the reference, and what they are generated from. */
import { expect, test } from '@jest/globals';
import { routeDescriptions } from '../../lambdas/api/reference/index.ts';
import { routes } from '../../lambdas/api/routes.ts';
import { stalePages } from '../../scripts/reference-docs.ts';

test('the generated pages are what `npm run reference-docs` generates', () => {
  expect(stalePages()).toEqual([]);
});

test('each route has a description, and each description a route', () => {
  expect(Object.keys(routeDescriptions).sort()).toEqual(
    routes.map(({ method, path }) => `${method} ${path}`).sort(),
  );
});
