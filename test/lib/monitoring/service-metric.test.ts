/** Tests the metrics that `AsyncOperations.metric` returns. */
import type { AsyncOperations } from '../../../lib/async-operations.ts';
import { metricOf } from '../../../lib/monitoring/service-metric.ts';

const metric = (...[name, options = {}]: Parameters<AsyncOperations['metric']>) =>
  metricOf('prod-Operations', ['build', 'deploy'], name, options);

test('a metric without an operation is that of the deployment, with the statistic that says most', () => {
  expect(metric('OldestOpenJob')).toMatchObject({
    dimensions: { service: 'prod-Operations' },
    statistic: 'Maximum',
  });
  // A sum of what each sweep finds would depend on the number of sweeps.
  expect(metric('OpenJobs').statistic).toBe('Maximum');
  expect(metric('JobDuration', { statistic: 'p90' }).statistic).toBe('p90');
});

test.each([
  ['JobsLost', {}, 'There is no metric "JobsLost". There are: JobsCreated, '],
  ['toString', {}, 'There is no metric "toString".'],
  ['JobsFailed', { operation: 'paint' }, 'There is no operation "paint". There are: build, deploy.'],
  [
    'OpenJobs',
    { operation: 'build' },
    'The metric OpenJobs exists only for the whole deployment. Omit `operation`.',
  ],
])('%s with %j is refused', (name, options, message) => {
  expect(() => metric(name as 'JobsFailed', options)).toThrow(message);
});
