/** Checks the runbooks against what they name: messages and keys of log lines, metrics, graphs, options, routes and commands. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { routes } from '../../lambdas/api/routes.ts';
import { JobStatus } from '../../lambdas/jobs/job.ts';
import { DEFAULT_JOB_LIMITS } from '../../lambdas/jobs/limits.ts';
import { metricDefinitions } from '../../lambdas/shared/observability/metric-definitions.ts';
import { alarms } from '../../lib/monitoring/alarms.ts';
import { savedQueries } from '../../lib/monitoring/saved-queries.ts';
import { DEFAULT_THRESHOLDS } from '../../lib/monitoring/thresholds.ts';
import { fieldsOf, listsOf, matches, queries, runbooks } from '../support/insights-queries.ts';

const read = (file: string) => readFileSync(file, 'utf8');
const sources = sourcesBelow('lambdas');

/** The functions that handle many records at once: their documents can have several values of a metric. */
const BATCHES: readonly string[] = ['events', 'deliver'];
/** Fields of every log line, and of Lambda's own lines in JSON: `platform.report`. */
const FIELDS_OF_AWS: readonly string[] = [
  '@timestamp',
  '@message',
  '@log',
  'record.requestId',
  'record.status',
  'record.errorType',
  'record.metrics.initDurationMs',
];
/** Properties of metric documents that are no metrics. */
const PROPERTIES: readonly string[] = ['codes', 'operation', 'request_id', 'job_id', 'limit', 'service'];
const FUNCTIONS: readonly string[] = [
  ...['count', 'sum', 'avg', 'min', 'max', 'pct', 'latest'],
  ...['ispresent', 'jsonParse', 'strcontains'],
];
/** Operations of the AWS CLI that the pages use. Look one up before you add it. */
const OPERATIONS: readonly string[] = [
  'cloudformation describe-stacks',
  'cloudformation list-stack-resources',
  'cognito-idp add-user-pool-client-secret',
  'cognito-idp delete-user-pool',
  'cognito-idp delete-user-pool-client-secret',
  'cognito-idp list-user-pool-client-secrets',
  'cognito-idp update-user-pool',
  'dynamodb delete-table',
  'dynamodb describe-table',
  'dynamodb list-backups',
  'dynamodb put-item',
  'dynamodb restore-table-to-point-in-time',
  'dynamodb scan',
  'dynamodb update-continuous-backups',
  'dynamodb update-table',
  'dynamodb update-time-to-live',
  'dynamodb wait',
  'events enable-rule',
  'events list-rules',
  'events list-targets-by-rule',
  'lambda add-permission',
  'lambda get-account-settings',
  'lambda get-policy',
  'lambda invoke',
  'lambda list-event-source-mappings',
  'lambda update-event-source-mapping',
  's3 rb',
  's3 sync',
  'secretsmanager delete-secret',
  'secretsmanager put-secret-value',
  'service-quotas get-service-quota',
  'service-quotas list-service-quotas',
  'service-quotas request-service-quota-increase',
  'sns list-subscriptions-by-topic',
  'sns unsubscribe',
  'sqs get-queue-attributes',
  'sqs purge-queue',
  'sqs receive-message',
  'sqs start-message-move-task',
];

function sourcesBelow(directory: string): string {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => read(`${directory}/${file}`))
    .join('\n');
}

/** Whether a function of the service can write a line with this message. */
function isLogged(message: string): boolean {
  return (
    sources.includes(`'${message}'`) || Object.values(JobStatus).some((status) => message === `Job ${status}`)
  );
}

/** Returns the keys that docs/reference/logs.md describes. */
function keysOfLines(): readonly string[] {
  const [, table = ''] = /## Keys\n(.*?)\n## /s.exec(read('docs/reference/logs.md')) ?? [];
  return table
    .split('\n')
    .flatMap((row) => matches(row.split('|')[1] ?? '', /`(\w+)`/g))
    .filter((key) => key !== 'key');
}

test('all runbooks have the same sections, and begin with what their alarm says', () => {
  const says = new Map<string, string>(alarms.map((alarm) => [alarm.id, alarm.says]));
  for (const { id, text } of runbooks) {
    expect([id, ...matches(text, /^#+ (.*)$/gm)]).toEqual([
      id,
      id,
      'What it means',
      'How to see it',
      'What to do',
      'How to know that it is over',
    ]);
    if (says.has(id)) expect(text).toContain(`# ${id}\n\n${says.get(id)}\n`);
  }
});

test('each message that a query looks for is one that a function logs', () => {
  for (const { of, query } of queries) {
    const quoted = matches(query, /message = "([^"]*)"/g);
    const listed = matches(query, /message in \[([^\]]*)\]/g).flatMap((list) => matches(list, /"([^"]*)"/g));
    expect({ of, unknown: [...quoted, ...listed].filter((message) => !isLogged(message)) }).toEqual({
      of,
      unknown: [],
    });
    for (const part of matches(query, /message like \/([^/]*)\//g)) expect(sources).toMatch(new RegExp(part));
  }
});

test('each field of a query is a key of log lines, a metric or a field of Lambda', () => {
  const metrics = Object.entries(metricDefinitions).map(([name, { sources: from }]) => ({
    name,
    isSingle: !from.some((source) => BATCHES.includes(source)),
  }));
  const known = new Set([
    ...keysOfLines(),
    ...['name', 'message', 'code', 'request_id'].map((name) => `error.${name}`),
    ...FIELDS_OF_AWS,
    ...PROPERTIES,
    ...metrics.filter(({ isSingle }) => isSingle).map(({ name }) => name),
  ]);
  for (const query of queries) {
    // A metric with several values is a list: `unnest` reads a list, and also a single value.
    for (const name of listsOf(query))
      expect([...metrics.map((metric) => metric.name), 'codes']).toContain(name);
    expect({ of: query.of, unknown: fieldsOf(query).filter((field) => !known.has(field)) }).toEqual({
      of: query.of,
      unknown: [],
    });
  }
});

test('queries use functions of Logs Insights', () => {
  for (const { query } of queries) {
    const called = matches(query.replaceAll(/"[^"]*"/g, ''), /\b(\w+)\(/g);
    expect(called.filter((name) => !FUNCTIONS.includes(name))).toEqual([]);
  }
});

test('each graph and each saved query that a runbook names exists', () => {
  const dashboard = read('lib/monitoring/dashboard.ts');
  const pages = sourcesBelow('console/app');
  const parts = [...savedQueries.map(({ name }) => name), 'Metrics', 'Lambda', 'By Function Name'];
  for (const { id, text } of runbooks) {
    const named = matches(text, /(?<![*\w])\*([A-Z][^*\n]+)\*(?!\*)/g);
    const unknown = named.filter(
      (name) => !parts.includes(name) && !dashboard.includes(`'${name}'`) && !pages.includes(name),
    );
    expect({ id, unknown }).toEqual({ id, unknown: [] });
  }
});

test('each option, route and command that a page names exists', () => {
  const paths = routes.map(({ method, path }) => `${method} ${path}`);
  const options = [
    ...Object.keys(DEFAULT_THRESHOLDS).map((name) => `thresholds.${name}`),
    ...Object.keys(DEFAULT_JOB_LIMITS).map((name) => `limits.${name}`),
  ];
  const pages = [...runbooks, { id: 'operations-guide', text: read('docs/guides/operations-guide.md') }];
  for (const { id, text } of pages) {
    const unknown = [
      ...matches(text, /`((?:thresholds|limits)\.\w+)`/g).filter((option) => !options.includes(option)),
      ...matches(text, /`((?:GET|POST|PATCH|PUT|DELETE) \/[\w/{}.-]+)`/g).filter(
        (route) => !paths.includes(route),
      ),
      ...matches(text, /\baws ([a-z][a-z0-9-]+ [a-z][a-z0-9-]+)/g).filter(
        (command) => !OPERATIONS.includes(command),
      ),
    ];
    expect({ id, unknown }).toEqual({ id, unknown: [] });
  }
});
