/** Compares docs/monitoring.md with the template: its alarms, and what they cost a month. */

import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import type { Template } from 'aws-cdk-lib/assertions';
import { metricDefinitions } from '../../../lambdas/shared/observability/metric-definitions.ts';
import { alarms, type ListedAlarm } from '../../../lib/monitoring/alarms.ts';
import { DEFAULT_THRESHOLDS } from '../../../lib/monitoring/thresholds.ts';
import { operations as sixty } from '../../fixtures/many/index.ts';
import { samples } from '../../support/sample-catalogue.ts';
import { alarmsOf, defaultTemplate, templateOfSixty } from './monitoring-template.ts';

const document = readFileSync('docs/monitoring.md', 'utf8');

/** CloudWatch in us-east-1, US dollars a month, November 2026. https://aws.amazon.com/cloudwatch/pricing/ */
const USD = { alarmMetric: 0.1, dashboard: 3, customMetric: 0.3 };

/** An alarm on an expression costs as much as its metrics. */
function alarmMetrics(template: Template): number {
  const counts = [...alarmsOf(template).values()].map(
    ({ Metrics }) => Metrics?.filter(({ MetricStat }) => MetricStat).length ?? 1,
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** The most that a deployment writes, with a value of each metric of each operation in each hour. */
function customMetrics(operations: number): number {
  const written = Object.values(metricDefinitions).filter(
    ({ sources }) => !(sources as readonly string[]).includes('canary'),
  );
  const byOperation = written.filter((metric) => metric.byOperation).length;
  return written.length + byOperation * operations;
}

const usd = (amount: number) => amount.toFixed(2);

/** Returns the cells of the first table of a section, without its headings. */
function tableOf(section: string): readonly (readonly string[])[] {
  const [, text = ''] = document.split(`\n## ${section}\n`);
  const rows = text.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

test('docs/monitoring.md says what monitoring costs a month, for the samples and for sixty operations with IAM', () => {
  const deployments = [
    { template: defaultTemplate(), operations: samples.operations.length },
    { template: templateOfSixty(), operations: sixty.length },
  ].map(({ template, operations }) => {
    const alarmCount = alarmMetrics(template);
    const metricCount = customMetrics(operations);
    const costs = [alarmCount * USD.alarmMetric, USD.dashboard, metricCount * USD.customMetric];
    const total = costs.reduce((sum, cost) => sum + cost);
    return [...costs, total].map((cost, index) =>
      [[alarmCount, 1, metricCount, ''][index], usd(cost)].map(String),
    );
  });
  const names = ['metrics of alarms', 'dashboard', 'metrics of the service, at most', 'together, at most'];
  expect(tableOf('What it costs')).toEqual(
    names.map((name, index) => [name, ...deployments.flatMap((columns) => columns[index] ?? [])]),
  );
});

test.each(alarms.map(({ id }) => id))('docs/monitoring.md has %s with its default threshold', (id) => {
  const entry: ListedAlarm | undefined = alarms.find((alarm) => alarm.id === id);
  const threshold = entry?.threshold?.(DEFAULT_THRESHOLDS) ?? 1;
  const [line = ''] =
    document.match(new RegExp(`^\\| \\[\`${id}\`\\]\\(runbooks/${id}\\.md\\).*$`, 'm')) ?? [];
  expect(line).toContain(entry?.says);
  const numbers = [...line.matchAll(/[\d,]+/g)].map(([text]) => Number(text.replaceAll(',', '')));
  expect(numbers).toContain(id === 'sweep-stopped' ? 10 : threshold);
});
