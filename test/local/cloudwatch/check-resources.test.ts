/** Dashboards and saved queries that CloudWatch refuses. */
import { expect, test } from '@jest/globals';
import { checkMonitoring } from '../../../local/cloudwatch/check-resources.ts';

function check(Type: string, Properties: Readonly<Record<string, unknown>>): void {
  checkMonitoring({ Resources: { Ours: { Type, Properties } } }, (value) => value);
}

const body = (widgets: readonly object[]) => JSON.stringify({ widgets });
const query = { Name: 'Errors', QueryString: 'fields @message', LogGroupNames: ['one'] };

test('a dashboard and a query within the limits are taken', () => {
  check('AWS::CloudWatch::Dashboard', { DashboardName: 'Shop', DashboardBody: body([{ type: 'text' }]) });
  check('AWS::Logs::QueryDefinition', query);
});

test.each<[string, Readonly<Record<string, unknown>>, string]>([
  ['AWS::CloudWatch::Dashboard', { DashboardBody: '{' }, 'refuses Ours: its body is not JSON'],
  ['AWS::CloudWatch::Dashboard', { DashboardBody: body(Array(501).fill({})) }, 'it has 501 widgets'],
  ['AWS::CloudWatch::Dashboard', { DashboardName: 'a b', DashboardBody: body([]) }, 'the name "a b"'],
  [
    'AWS::CloudWatch::Dashboard',
    { DashboardBody: body([{ properties: { metrics: Array(501).fill([]) } }]) },
    'a widget has more than 500 metrics',
  ],
  ['AWS::Logs::QueryDefinition', { ...query, QueryString: 'x'.repeat(10_001) }, 'has 10001 characters'],
  ['AWS::Logs::QueryDefinition', { ...query, LogGroupNames: Array(51).fill('one') }, 'has 51 log groups'],
  ['AWS::Logs::QueryDefinition', { ...query, Name: '' }, 'its name needs 1 to 255'],
])('%s over a limit is an error %#', (type, properties, message) => {
  expect(() => check(type, properties)).toThrow(message);
});
