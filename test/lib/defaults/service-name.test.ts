/** Checks that functions and metrics belong to one of the deployments of a stack, on a template without bundles. */
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { AsyncOperations } from '../../../lib/async-operations.ts';
import { samples } from '../../support/sample-catalogue.ts';

let template: Template;

beforeAll(() => {
  const stack = new Stack(new App({ context: { 'aws:cdk:bundling-stacks': [] } }), 'prod');
  const props = { operations: samples, authorization: { mode: 'iam' }, monitoring: false } as const;
  new AsyncOperations(stack, 'One', props);
  const two = new AsyncOperations(stack, 'Two', props);
  const metric = two.metric('JobsFailed', { operation: 'build', period: Duration.hours(1) });
  new Alarm(stack, 'BuildsFail', { metric, threshold: 10, evaluationPeriods: 1 });
  template = Template.fromStack(stack);
});

test('the functions of two deployments have different service names', () => {
  const functionsOf = (name: string) =>
    template.findResources('AWS::Lambda::Function', {
      Properties: { Environment: { Variables: { POWERTOOLS_SERVICE_NAME: name } } },
    });
  const functions = template.findResources('AWS::Lambda::Function', {
    Properties: { Runtime: 'nodejs24.x' },
  });
  const ids = Object.keys(functions).filter((id) => !functions[id]?.Properties.TenancyConfig);
  expect(Object.keys({ ...functionsOf('prod-One'), ...functionsOf('prod-Two') }).sort()).toEqual(ids.sort());
  expect(Object.keys(functionsOf('prod-One'))).toHaveLength(ids.length / 2);
});

test('an alarm can watch an operation of one of them', () => {
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Namespace: 'McpAsyncOperations',
    MetricName: 'JobsFailed',
    Dimensions: [
      { Name: 'operation', Value: 'build' },
      { Name: 'service', Value: 'prod-Two' },
    ],
    Statistic: 'Sum',
    Period: 3600,
  });
});
