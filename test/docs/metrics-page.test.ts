/** Checks docs/metrics.md against the definitions of the metrics. */
import { readFileSync } from 'node:fs';
import { metricsPage } from '../../scripts/metrics-docs.ts';

test('docs/metrics.md is what `npm run metrics-docs` generates', () => {
  const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  expect(page).toBe(metricsPage());
});
