/** Compares docs/guides/monitoring.md with the template: its alarms, and what they cost a month. */

import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import type { Template } from 'aws-cdk-lib/assertions';
import { metricDefinitions } from '../../../lambdas/shared/observability/metric-definitions.ts';
import { alarms, type ListedAlarm } from '../../../lib/monitoring/alarms.ts';
import { DEFAULT_THRESHOLDS } from '../../../lib/monitoring/thresholds.ts';
import { operations as sixty } from '../../fixtures/many/index.ts';
import { samples } from '../../support/sample-catalogue.ts';
import { alarmsOf, defaultTemplate, templateOfSixty } from './monitoring-template.ts';

const document = readFileSync('docs/guides/monitoring.md', 'utf8');

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

/** The page has round numbers, so that one metric more does not change it. */
function expectRoundedUp(rounded: number, count: number): void {
  expect(rounded).toBeGreaterThanOrEqual(count);
  expect(rounded).toBeLessThanOrEqual(count * 1.15);
}

test('docs/guides/monitoring.md says what monitoring costs a month, for the samples and for sixty operations with IAM', () => {
  const table = tableOf('What it costs');
  const deployments = [
    { template: defaultTemplate(), operations: samples.operations.length, column: 1 },
    { template: templateOfSixty(), operations: sixty.length, column: 3 },
  ];
  for (const { template, operations, column } of deployments) {
    const [alarmCount, dashboards, metricCount] = table.map((cells) => Number(cells[column]));
    expectRoundedUp(alarmCount ?? 0, alarmMetrics(template));
    expect(dashboards).toBe(Object.keys(template.findResources('AWS::CloudWatch::Dashboard')).length);
    expectRoundedUp(metricCount ?? 0, customMetrics(operations));
    const costs = [
      (alarmCount ?? 0) * USD.alarmMetric,
      (dashboards ?? 0) * USD.dashboard,
      (metricCount ?? 0) * USD.customMetric,
    ];
    const total = costs.reduce((sum, cost) => sum + cost);
    expect(table.map((cells) => cells[column + 1])).toEqual([...costs, total].map(usd));
  }
  const [, each] = document.match(/An operation that runs all month adds at most (\d+) metrics/) ?? [];
  expectRoundedUp(Number(each), customMetrics(1) - customMetrics(0));
});

test.each(alarms.map(({ id }) => id))('docs/guides/monitoring.md has %s with its default threshold', (id) => {
  const entry: ListedAlarm | undefined = alarms.find((alarm) => alarm.id === id);
  const threshold = entry?.threshold?.(DEFAULT_THRESHOLDS) ?? 1;
  const [line = ''] =
    document.match(new RegExp(`^\\| \\[\`${id}\`\\]\\(\\.\\./runbooks/${id}\\.md\\).*$`, 'm')) ?? [];
  expect(line).toContain(entry?.says);
  const numbers = [...line.matchAll(/[\d,]+/g)].map(([text]) => Number(text.replaceAll(',', '')));
  expect(numbers).toContain(id === 'sweep-stopped' ? 10 : threshold);
});
