/** Checks that every function knows the deployment that it belongs to, on templates without bundles. */
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AsyncOperations } from '../../../lib/async-operations.ts';
import { samples } from '../../support/sample-catalogue.ts';

test('two deployments in one stack give their functions different service names', () => {
  const stack = new Stack(new App({ context: { 'aws:cdk:bundling-stacks': [] } }), 'prod');
  new AsyncOperations(stack, 'One', { operations: samples, authorization: { mode: 'iam' } });
  new AsyncOperations(stack, 'Two', { operations: samples, authorization: { mode: 'iam' } });
  const template = Template.fromStack(stack);
  const functionsOf = (name: string) =>
    template.findResources('AWS::Lambda::Function', {
      Properties: { Environment: { Variables: { POWERTOOLS_SERVICE_NAME: name } } },
    });
  const ids = Object.keys(
    template.findResources('AWS::Lambda::Function', { Properties: { Runtime: 'nodejs24.x' } }),
  );
  expect(Object.keys({ ...functionsOf('prod-One'), ...functionsOf('prod-Two') }).sort()).toEqual(ids.sort());
  expect(Object.keys(functionsOf('prod-One'))).toHaveLength(ids.length / 2);
});
