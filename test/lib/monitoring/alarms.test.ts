/** Checks the alarms of the template: their names, runbooks, metrics and actions, and that a new deployment is quiet. */

import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { AsyncOperations } from '../../../lib/async-operations.ts';
import { LOCAL_CONTEXT } from '../../../lib/defaults/local-context.ts';
import { alarms } from '../../../lib/monitoring/alarms.ts';
import { samples } from '../../support/sample-catalogue.ts';
import { alarmsOf, ENV, templateOf } from './monitoring-template.ts';

const template = templateOf({
  monitoring: { budget: { monthlyUsd: 300 }, email: 'on-call@example.com' },
});
const created = alarmsOf(template);
const idOf = (name: string) => name.replace(/-\d+$/, '');
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

test('each alarm of the list is in the template, under the name of the deployment', () => {
  const ids = new Set([...created.keys()].map(idOf));
  expect([...ids].sort()).toEqual([...alarms.map(({ id }) => id), 'cost-budget'].sort());
});

test('each alarm says what is wrong in one sentence, followed by the URL of its runbook', () => {
  for (const [name, { AlarmDescription }] of created) {
    const url = `https://unpkg.com/mcp-async-operations@${version}/docs/runbooks/${idOf(name)}.md`;
    expect(AlarmDescription).toMatch(/^[A-Z][^.]+\. https:/);
    expect(AlarmDescription.endsWith(` ${url}`)).toBe(true);
    expect(AlarmDescription.length).toBeLessThanOrEqual(1_024);
  }
});

test('no alarm has more metrics than CloudWatch allows, and all metrics of one have the same period', () => {
  for (const { Metrics = [] } of created.values()) {
    const metrics = Metrics.flatMap(({ MetricStat }) => MetricStat ?? []);
    expect(metrics.length).toBeLessThanOrEqual(10);
    expect(new Set(metrics.map(({ Period }) => Period)).size).toBeLessThanOrEqual(1);
    expect(Metrics.filter(({ Expression }) => Expression).length).toBeLessThanOrEqual(1);
  }
});

test('errors of functions that run steps set off no alarm, since a step that throws is one', () => {
  const watched = JSON.stringify([...created.values()]);
  for (const [id, { Properties }] of Object.entries(template.findResources('AWS::Lambda::Function'))) {
    const runsSteps = /^(Runs the steps|Sandbox)/.test(Properties.Description);
    expect([id, watched.includes(`"Ref":"${id}"`)]).toEqual([id, !runsSteps]);
  }
});

test('alarms on metrics without data wait for data, or are quiet without', () => {
  expect([...new Set([...created].map(([, { TreatMissingData }]) => TreatMissingData))].sort()).toEqual([
    'ignore',
    'notBreaching',
  ]);
});

test('an alarm on DynamoDB has a metric with data, because CloudWatch would keep its state', () => {
  const onTables = [...created].filter(([name]) => idOf(name) === 'tables-throttled');
  for (const [, { Metrics = [] }] of onTables) {
    expect(Metrics.find(({ Id }) => Id === 'heartbeat')?.MetricStat?.Metric.MetricName).toBe('Sweeps');
  }
  const names = JSON.stringify(onTables);
  for (const id of Object.keys(template.findResources('AWS::DynamoDB::GlobalTable'))) {
    expect(names).toContain(`"Ref":"${id}"`);
  }
  for (const index of ['byOwner', 'open', 'byEndpoint', 'waiting']) expect(names).toContain(`"${index}"`);
});

test('false creates no alarm, also none on dead letters', () => {
  const off = templateOf({ monitoring: false });
  for (const type of ['Alarm', 'Dashboard']) off.resourceCountIs(`AWS::CloudWatch::${type}`, 0);
  off.resourceCountIs('AWS::Logs::QueryDefinition', 0);
});

test('an address gets a message when an alarm goes off and when it is over, from a topic that alarms may publish to', () => {
  const [subscription] = Object.values(template.findResources('AWS::SNS::Subscription'));
  expect(subscription?.Properties).toMatchObject({ Protocol: 'email', Endpoint: 'on-call@example.com' });
  const topic = subscription?.Properties.TopicArn;
  for (const { AlarmActions, OKActions } of created.values()) {
    expect([AlarmActions, OKActions]).toEqual([[topic], [topic]]);
  }
  const policies = Object.values(
    template.findResources('AWS::SNS::TopicPolicy', { Properties: { Topics: [topic] } }),
  );
  const allowed = policies[0]?.Properties.PolicyDocument.Statement.filter(
    ({ Effect }: { readonly Effect: string }) => Effect === 'Allow',
  );
  expect(allowed).toMatchObject([
    {
      Action: 'sns:Publish',
      Condition: { StringEquals: { 'aws:SourceAccount': ENV.account } },
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Resource: topic,
    },
  ]);
});

test('actions and runbooks of the operator replace the defaults, and the local cloud sends no mail', () => {
  const context = { 'aws:cdk:bundling-stacks': [], [LOCAL_CONTEXT]: { authorization: 'iam' } };
  const stack = new Stack(new App({ context }), 'prod');
  const topic = new Topic(stack, 'Pager');
  new AsyncOperations(stack, 'Jobs', {
    operations: samples,
    monitoring: {
      email: 'on-call@example.com',
      alarmActions: [new SnsAction(topic)],
      runbooks: 'https://wiki.example.com/jobs/',
      thresholds: { apiSlowMs: 1_500 },
    },
  });
  const own = alarmsOf(Template.fromStack(stack), 'prod-Jobs');
  const slow = own.get('api-slow');
  expect(slow?.AlarmDescription).toMatch(/ https:\/\/wiki\.example\.com\/jobs\/api-slow\.md$/);
  expect(slow?.Threshold).toBe(1_500);
  expect(slow?.AlarmActions).toEqual([stack.resolve(topic.topicArn)]);
  expect(slow?.OKActions).toBeUndefined();
  // API Gateway verifies callers with AWS credentials itself.
  expect([...created.keys()].filter((name) => !own.has(name))).toEqual(['authorizer-errors', 'cost-budget']);
});

test.each([
  [{ runbooks: 'http://wiki.example.com' }, /runbooks is "http:\/\/wiki\.example\.com": give an https URL/],
  [{ runbooks: 'wiki' }, /runbooks is "wiki": give an https URL/],
  [{ email: 'on-call' }, /email is "on-call": give one address/],
  [{ budget: { monthlyUsd: 0 } }, /monthlyUsd is 0: give US dollars, more than 0/],
  [{ thresholds: { apiSlowMs: Number.NaN } }, /thresholds\.apiSlowMs is NaN: give a number above 0/],
  [{ thresholds: { apiErrorPercent: 101 } }, /thresholds\.apiErrorPercent is 101: give at most 100/],
  [{ thresholds: { apiSlow: 1 } as never }, /thresholds contains "apiSlow": use apiErrorPercent, /],
])('%j is refused with the remedy', (monitoring, message) => {
  expect(() => templateOf({ monitoring })).toThrow(message);
});
