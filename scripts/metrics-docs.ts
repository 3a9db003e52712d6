/** Generates docs/reference/metrics.md from the definitions of the metrics. With --check, it fails when the page is stale. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type MetricDefinition,
  metricDefinitions,
} from '../lambdas/shared/observability/metric-definitions.ts';
import {
  addMetric,
  publishMetricsOf,
  setMetricSubject,
  writeMetrics,
} from '../lambdas/shared/observability/metrics.ts';

const PAGE = fileURLToPath(new URL('../docs/reference/metrics.md', import.meta.url));

/** US dollars a month for each of the first 10,000 metrics, and for a GB of log lines; the same in most regions. */
const METRIC_USD = 0.3;
const LOG_GB_USD = 0.5;

const definitions: [string, MetricDefinition][] = Object.entries(metricDefinitions);
const ofCanary = definitions.filter(([, { sources }]) => sources.includes('canary'));
const byOperation = definitions.filter(([, definition]) => definition.byOperation);

/** Returns the number of metrics in CloudWatch, without those of the canary. */
function metricCount(operations: number): number {
  return definitions.length - ofCanary.length + byOperation.length * operations;
}

/** Returns the bytes of the documents of one job with four steps, twelve polls and one webhook. */
function bytesOfJob(): number {
  const operation = 'build';
  const subject = { operation, jobId: '7d5fbf9e-0000-4000-8000-000000000001' };
  const bytes = [
    ...[
      { JobsCreated: [1] },
      { JobsStarted: [1], QueuedTime: [480] },
      { JobsCompleted: [1], JobDuration: [62_480], JobCost: [0.000512] },
    ].map((values) => bytesOf(() => publishMetricsOf(operation, values))),
    bytesOf(() => {
      setMetricSubject(subject);
      addMetric('StartsAccepted', 1);
      addMetric('StartTime', 120);
      addMetric('ResultTokens', 60);
      addMetric('RequestTime', 120);
    }),
    ...Array.from({ length: 12 }, () =>
      bytesOf(() => {
        setMetricSubject(subject);
        addMetric('Polls', 1);
        addMetric('ResultTokens', 60);
        addMetric('RequestTime', 20);
      }),
    ),
    bytesOf(() => {
      addMetric('WebhookAttempts', 1);
      addMetric('WebhookSuccesses', 1);
      addMetric('WebhookLatency', 1_480);
    }),
  ];
  return bytes.reduce((sum, each) => sum + each, 0);
}

/** Returns the bytes of the document that an invocation writes. */
function bytesOf(run: () => void): number {
  let bytes = 0;
  const { write } = process.stdout;
  process.stdout.write = ((text: string) => {
    bytes += Buffer.byteLength(text);
    return true;
  }) as typeof write;
  const { before, after } = writeMetrics(new Set(['build']));
  const request = { context: { awsRequestId: '7d5fbf9e-0000-4000-8000-000000000002' } } as never;
  try {
    before?.(request);
    run();
    after?.(request);
  } finally {
    process.stdout.write = write;
  }
  return bytes;
}

function usd(amount: number): string {
  return `$${amount.toFixed(2)}`;
}

/** Returns the page. Its tables have the widths that Markdown formatters give them. */
export function metricsPage(): string {
  const costs = [8, 60].map((operations) => {
    const count = metricCount(operations);
    return [String(operations), String(count), usd(count * METRIC_USD)];
  });
  const kilobytes = bytesOfJob() / 1000;
  return `# Metrics

What the service measures in CloudWatch: read this page to make a graph or an alarm of your own. [Monitoring](../guides/monitoring.md) has
the alarms and the dashboard that each deployment creates. \`npm run metrics-docs\` generates this page from
\`lambdas/shared/observability/metric-definitions.ts\`.

## Use a metric

The namespace is \`McpAsyncOperations\`. In [\`bin/app.ts\`](../start/tutorial.md#4-put-it-into-an-app), \`ops\` is the construct
\`AsyncOperations\`. Its method \`metric\` returns a metric, by default with the statistic of the table:

\`\`\`ts
import { Duration } from 'aws-cdk-lib';
import { Alarm, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';

const failed = ops.metric('JobsFailed', { operation: 'count_words', period: Duration.hours(1) });
new Alarm(stack, 'CountsFail', {
  metric: failed,
  threshold: 10,
  evaluationPeriods: 1,
  treatMissingData: TreatMissingData.NOT_BREACHING,
});
\`\`\`

A count has no value in a period in which nothing happened. So an alarm on a count needs \`treatMissingData\`.

## All metrics

${table(
  ['Metric', 'Unit', 'Statistic', 'By operation', 'Written by', 'Meaning'],
  definitions.map(([name, { unit, statistic, byOperation: split, sources, meaning }]) => [
    `\`${name}\``,
    unit === 'None' ? 'US dollars' : unit.toLowerCase(),
    statistic,
    split ? 'yes' : '',
    sources.map((source) => `\`${source}\``).join(', '),
    meaning,
  ]),
)}

| Written by    | Is                                                                      |
| ------------- | ----------------------------------------------------------------------- |
| \`mcp\`         | the function of the MCP endpoint                                        |
| \`api\`         | the function of the [management API](../glossary.md#management-api)     |
| \`authorizer\`  | the function that verifies access tokens                                |
| \`events\`      | the [publisher](../glossary.md#publisher). Whatever changes a job is counted: it reads the stream of the jobs table |
| \`reconcile\`   | the [sweep](../glossary.md#sweep)                                       |
| \`deliver\`     | the function that sends webhooks                                        |
| \`enqueue-due\` | the function that queues webhooks for their next attempt                |
| \`canary\`      | the [canary](../glossary.md#canary)                                     |

## Dimensions

| Dimension     | Value                                                                   | On                                |
| ------------- | ----------------------------------------------------------------------- | --------------------------------- |
| \`service\`     | the deployment: the name of the stack, and the ids of the constructs up to \`AsyncOperations\`, such as \`prod-Operations\` | all metrics |
| \`operation\`   | an operation of the deployed [catalogue](../glossary.md#catalogue)        | metrics with "yes" in the table   |

A job of an operation that this deployment does not have counts for the deployment only.

No dimension has a value from a caller: no owner, no job, no URL, no error code. So the number of metrics depends on your catalogue, and a
million owners add none.

## Query what is not a dimension

Functions print metrics as log lines in CloudWatch's
[embedded metric format](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html),
so they cost no call and no time. The line of a metric has more properties: \`operation\`, \`job_id\`, \`request_id\`, \`codes\` and
\`limit_name\`. Run these queries in Logs Insights.

Jobs that failed, by code, in the log group of \`events\`:

\`\`\`text
fields jsonParse(@message) as document
| filter JobsFailed > 0
| unnest document.codes into code
| stats count(*) as jobs by operation, code
| sort jobs desc
\`\`\`

Calls that a limit refused, in the log groups of \`mcp\` and \`api\`:

\`\`\`text
filter LimitRefusals > 0
| stats sum(LimitRefusals) as calls by limit_name, operation
\`\`\`

Tokens of results by operation, in the log group of \`mcp\`:

\`\`\`text
filter ispresent(ResultTokens)
| stats avg(ResultTokens) as tokens, max(ResultTokens) as most, count(*) as results by operation
\`\`\`

## What is exact and what is not

- An invocation writes one document when it ends; a streamed response ends with its stream. There are two exceptions. \`events\` writes one
  document for each operation of its batch. A document with 100 values of a metric is written at once.
- A function that crashes or times out loses the metrics of that invocation. The metrics of its jobs are not lost: they come from the stream.
- A stream record counts when its events were accepted. It counts twice only if \`events\` crashes after it has written its document, because
  Lambda then delivers the batch again. CloudWatch itself extracts a metric at least once.
- \`InputWaitTime\` and \`QueuedTime\` come from the job's record and [timeline](../glossary.md#timeline). A timeline keeps 4,000 bytes: a job with
  hundreds of attempts has fewer waits in it.

## What metrics cost

CloudWatch bills each metric and set of dimensions ${usd(METRIC_USD)} a month, for the hours in which it has values. With all metrics in use:

${table(['Operations', 'Metrics', 'A month at most'], costs)}

The canary adds ${ofCanary.length} metrics, ${usd(ofCanary.length * METRIC_USD)}. An operation that nobody calls costs nothing.
The log lines of metrics take ${kilobytes.toFixed(1)} kB for a job with four steps, twelve polls and a webhook. At ${usd(LOG_GB_USD)} a GB, a million
such jobs cost ${usd(kilobytes * LOG_GB_USD)}.
`;
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((_, column) =>
    Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = metricsPage();
  if (!process.argv.includes('--check')) writeFileSync(PAGE, page);
  else if (readFileSync(PAGE, 'utf8') !== page) {
    console.error('docs/reference/metrics.md is stale. Run `npm run metrics-docs` and commit the result.');
    process.exitCode = 1;
  }
}
