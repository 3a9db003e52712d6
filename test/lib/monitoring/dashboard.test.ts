/** Checks the dashboard and the saved queries of the template, for the samples and for sixty operations. */
import { expect, test } from '@jest/globals';
import type { Template } from 'aws-cdk-lib/assertions';
import { metricDefinitions } from '../../../lambdas/shared/observability/metric-definitions.ts';
import {
  alarmsOf,
  dashboardOf,
  defaultTemplate,
  templateOfSixty,
  type Widget,
} from './monitoring-template.ts';

const template = defaultTemplate();
const ofSixty = templateOfSixty();
const dashboard = dashboardOf(template);
const dashboardOfSixty = dashboardOf(ofSixty);

interface Query {
  readonly Name: string;
  readonly QueryString: string;
  readonly LogGroupNames: readonly { readonly Ref: string }[];
}

function queriesOf(from: Template): readonly Query[] {
  return Object.values(from.findResources('AWS::Logs::QueryDefinition')).map(({ Properties }) => Properties);
}

const isBelow = (y: number) => (widget: Widget) => widget.y + widget.height <= y;

test('the first screen answers whether jobs start and end, who is notified, what is stuck and what it costs', () => {
  // A row has 50 px: sixteen fit on a screen of 1080 px beside the console of AWS.
  const titles = dashboard.widgets.filter(isBelow(16)).map(({ properties }) => properties.title);
  expect(titles).toEqual([
    'Alarms of AsyncOperations',
    'Are jobs starting?',
    'Are jobs ending?',
    'Are subscribers notified?',
    'What do jobs cost today? (US dollars)',
    'What is stuck? Jobs',
    'Oldest message of each queue (s)',
    'Age of the last record read from the stream (ms)',
    'Dead letters',
  ]);
});

test('the dashboard shows each alarm and links its runbook', () => {
  const [status] = dashboard.widgets;
  const links = dashboard.widgets.at(-1)?.properties.markdown;
  expect(status?.properties.alarms).toHaveLength(alarmsOf(template).size);
  for (const { AlarmDescription } of alarmsOf(template).values()) {
    expect(links).toContain(`](${AlarmDescription.split(' ').at(-1)})`);
  }
});

test('each metric of the service that the dashboard shows is defined', () => {
  const text = JSON.stringify(dashboard);
  const shown = [...text.matchAll(/McpAsyncOperations","(\w+)"|MetricName=\\"(\w+)\\"/g)].map(
    ([, a, b]) => a ?? b,
  );
  expect(new Set(shown).size).toBeGreaterThan(20);
  for (const name of shown) expect(Object.keys(metricDefinitions)).toContain(name);
});

test('the dashboard of sixty operations has as many widgets as that of the samples, within the limits', () => {
  expect(dashboardOfSixty.widgets.length).toBe(dashboard.widgets.length);
  expect(dashboard.widgets.length).toBeLessThan(100);
  const counts = dashboardOfSixty.widgets.map(({ properties }) => properties.metrics?.length ?? 0);
  expect(Math.max(...counts)).toBeLessThanOrEqual(100);
  expect(JSON.stringify(dashboardOfSixty).length).toBeLessThan(100_000);
});

test('two regions of an account have dashboards of their own', () => {
  const [resource] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
  expect(resource?.Properties.DashboardName).toEqual({
    'Fn::Join': ['', ['AsyncOperations-', { Ref: 'AWS::Region' }]],
  });
});

test('one saved query reads all log groups of the samples, those of sixty operations are in parts of fifty', () => {
  const groups = Object.keys(template.findResources('AWS::Logs::LogGroup')).sort();
  const [all] = queriesOf(template).filter(({ Name }) => Name === 'AsyncOperations/All lines of a job');
  expect(all?.LogGroupNames.map(({ Ref }) => Ref).sort()).toEqual(groups);

  const parts = queriesOf(ofSixty).filter(({ Name }) => Name.includes('/All lines of a job, part '));
  expect(parts.length).toBeGreaterThan(1);
  for (const { LogGroupNames } of parts) expect(LogGroupNames.length).toBeLessThanOrEqual(50);
  expect(new Set(parts.flatMap(({ LogGroupNames }) => LogGroupNames.map(({ Ref }) => Ref))).size).toBe(
    Object.keys(ofSixty.findResources('AWS::Logs::LogGroup')).length,
  );
});

test('monitoring adds at most 45 resources to sixty operations', () => {
  const count = (from: Template) => Object.keys(from.toJSON().Resources).length;
  expect(count(ofSixty) - count(templateOfSixty('off'))).toBeLessThanOrEqual(45);
});
