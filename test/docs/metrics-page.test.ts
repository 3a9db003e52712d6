/** Checks docs/reference/metrics.md against the definitions of the metrics. */
import { readFileSync } from 'node:fs';
import { metricsPage } from '../../scripts/metrics-docs.ts';

test('docs/reference/metrics.md is what `npm run metrics-docs` generates', () => {
  const page = readFileSync(new URL('../../docs/reference/metrics.md', import.meta.url), 'utf8');
  expect(page).toBe(metricsPage());
});
