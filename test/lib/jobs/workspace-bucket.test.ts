/** Checks that files of jobs are kept for as long as the jobs can need them. */
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as z from 'zod';
import { defineOperation } from '../../../lambdas/definition/define-operation.ts';
import { stateMachineOperation } from '../../../lambdas/definition/state-machine-operation.ts';
import { WorkspaceBucket } from '../../../lib/jobs/workspace-bucket.ts';

const DAY_MS = 24 * 60 * 60_000;
const common = {
  title: 'Any',
  description: 'Any.',
  input: z.object({}),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
};
const withSteps = { ...common, output: z.object({}) };
const short = defineOperation({ ...withSteps, name: 'short', steps: { one: { timeoutMs: 60_000 } } });
const asks = defineOperation({ ...withSteps, name: 'asks', steps: { one: { inputTimeoutMs: 7 * DAY_MS } } });
const external = stateMachineOperation({ ...common, name: 'external', longestRunMs: 365 * DAY_MS });

function daysByPrefix(operations: ConstructorParameters<typeof WorkspaceBucket>[2]['operations']) {
  const stack = new Stack(new App(), 'Stack');
  new WorkspaceBucket(stack, 'Workspace', { operations });
  const [bucket] = Object.values(Template.fromStack(stack).findResources('AWS::S3::Bucket'));
  const rules: { Prefix?: string; ExpirationInDays?: number }[] =
    bucket?.Properties.LifecycleConfiguration.Rules;
  return Object.fromEntries(
    rules.flatMap(({ Prefix, ExpirationInDays }) => (Prefix ? [[Prefix, ExpirationInDays]] : [])),
  );
}

test.each([
  ['a short run', [short], { 'work/': 1, 'uploads/': 1, 'logs/': 8, 'results/': 8 }],
  // Five rounds of questions, each with a week to answer, and the step itself.
  ['questions that wait a week', [short, asks], { 'work/': 36, 'uploads/': 36, 'logs/': 43, 'results/': 43 }],
  [
    'an external state machine, which writes its result at the end',
    [external],
    { 'work/': 1, 'uploads/': 1, 'logs/': 7, 'results/': 7 },
  ],
])('%s', (_what, operations, days) => {
  expect(daysByPrefix(operations)).toEqual(days);
});
