/** Tests the documents of metrics: their dimensions, their limits and their properties. */
import { metricDefinitions } from '../../../lambdas/shared/observability/metric-definitions.ts';
import {
  addMetric,
  addMetricProperty,
  publishMetricsOf,
  setMetricSubject,
} from '../../../lambdas/shared/observability/metrics.ts';
import { type MetricDocument, metricDocumentsOf, sumsOf, valuesOf } from '../../support/metric-documents.ts';

const dimensionsOf = (document: MetricDocument | undefined) =>
  document?._aws.CloudWatchMetrics.map(({ Dimensions, Metrics }) => [
    Metrics.map(({ Name }) => Name),
    Dimensions,
  ]);

test('one document has the metrics of an operation by operation, and the others of the deployment only', async () => {
  const [document, ...more] = await metricDocumentsOf(() => {
    addMetric('Polls', 1);
    addMetric('RequestTime', 12);
    setMetricSubject({ operation: 'build', jobId: 'a-job' });
  });
  expect(more).toEqual([]);
  expect(dimensionsOf(document)).toEqual([
    [['Polls'], [['service'], ['service', 'operation']]],
    [['RequestTime'], [['service']]],
  ]);
  expect(document).toMatchObject({ operation: 'build', job_id: 'a-job', Polls: 1, RequestTime: 12 });
  expect(document?._aws.CloudWatchMetrics[0]).toMatchObject({
    Namespace: 'McpAsyncOperations',
    Metrics: [{ Name: 'Polls', Unit: 'Count' }],
  });
});

test.each(['unknown', '', '__proto__', 'constructor', 'build\n', 'BUILD', 'x'.repeat(10_000)])(
  'the operation %j, which the deployment does not have, is in no document',
  async (operation) => {
    const [document] = await metricDocumentsOf(() => {
      setMetricSubject({ operation });
      addMetric('Polls', 1);
    });
    expect(dimensionsOf(document)).toEqual([[['Polls'], [['service']]]]);
    expect(document).not.toHaveProperty('operation');
  },
);

test('jobs of many owners add no dimension', async () => {
  const documents = [];
  for (let index = 0; index < 100; index++) {
    documents.push(
      ...(await metricDocumentsOf(() => {
        setMetricSubject({ operation: 'build', jobId: `job-${index}` });
        addMetric('StartsAccepted', 1);
      })),
    );
  }
  const directives = documents.flatMap(({ _aws }) => _aws.CloudWatchMetrics);
  expect(new Set(directives.flatMap(({ Dimensions }) => Dimensions.flat()))).toEqual(
    new Set(['service', 'operation']),
  );
  expect(sumsOf(documents)).toEqual({ StartsAccepted: 100, 'StartsAccepted build': 100 });
});

test('150 values of one metric are written, in documents of at most 100', async () => {
  const values = Array.from({ length: 150 }, (_, index) => index);
  const documents = await metricDocumentsOf(() =>
    publishMetricsOf('build', { JobDuration: values, JobsFailed: [150] }, { codes: ['A_CODE'] }),
  );
  expect(documents.map((each) => valuesOf(each, 'JobDuration').length)).toEqual([100, 50]);
  expect(documents.flatMap((each) => valuesOf(each, 'JobDuration'))).toEqual(values);
  expect(documents.map(({ operation }) => operation)).toEqual(['build', 'build']);
  expect(documents.map(({ codes }) => codes)).toEqual([['A_CODE'], undefined]);
});

test('all metrics fit into one document', async () => {
  const names = Object.keys(metricDefinitions) as (keyof typeof metricDefinitions)[];
  expect(names.length).toBeLessThanOrEqual(100);
  const documents = await metricDocumentsOf(() => {
    for (const name of names) addMetric(name, 1);
  });
  expect(documents).toHaveLength(1);
  expect(Object.keys(sumsOf(documents)).sort()).toEqual([...names].sort());
});

test('a value that is no number is left out', async () => {
  const documents = await metricDocumentsOf(() => {
    addMetric('RequestTime', Number.NaN);
    addMetric('RequestTime', Number.POSITIVE_INFINITY);
  });
  expect(documents).toEqual([]);
});

test('an invocation without metrics writes nothing', async () => {
  expect(await metricDocumentsOf(() => addMetricProperty('limit_name', 'open_jobs'))).toEqual([]);
});

test('code of the engine in a function of others gathers nothing', async () => {
  addMetric('StartsAccepted', 1);
  expect(await metricDocumentsOf(() => {})).toEqual([]);
});

test('an invocation that throws writes what it has gathered', async () => {
  const documents = await metricDocumentsOf(() => {
    addMetric('Polls', 1);
    throw new Error('It failed.');
  });
  expect(sumsOf(documents)).toEqual({ Polls: 1 });
});

test('a stream writes one document, when its body ends', async () => {
  async function* body() {
    yield 'first';
    addMetric('WaitTime', 5);
    yield 'last';
    addMetric('WaitTime', 7);
  }
  const documents = await metricDocumentsOf(() => {
    addMetric('Polls', 1);
    return { body: ReadableStream.from(body()) };
  });
  expect(documents).toHaveLength(1);
  expect(sumsOf(documents)).toEqual({ Polls: 1, WaitTime: 12 });
});

test('a stream whose client leaves writes its document', async () => {
  const documents = await metricDocumentsOf(
    () => {
      addMetric('Polls', 1);
      return { body: ReadableStream.from(['first', 'second']) };
    },
    { leavesEarly: true },
  );
  expect(sumsOf(documents)).toEqual({ Polls: 1 });
});

test('the subject of an invocation does not reach the next one', async () => {
  await metricDocumentsOf(() => setMetricSubject({ operation: 'build', jobId: 'a-job' }));
  const [document] = await metricDocumentsOf(() => addMetric('Polls', 1));
  expect(document).not.toHaveProperty('operation');
  expect(document).not.toHaveProperty('job_id');
});
