/** Counts what grows with the catalogue, on synthesized templates without bundles. */
import { fileURLToPath } from 'node:url';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type * as z from 'zod';
import type { OperationDefinition } from '../../lambdas/definition/operation-definition.ts';
import { stateMachineOperation } from '../../lambdas/definition/state-machine-operation.ts';
import { AsyncOperationsStack, type AsyncOperationsStackProps } from '../../lib/async-operations-stack.ts';
import { clone, operations as sixty } from '../fixtures/many/index.ts';

const module = fileURLToPath(new URL('../fixtures/many/index.ts', import.meta.url));
const env = { region: 'ap-southeast-1', account: '111122223333' };
const DOMAIN = {
  domainName: 'jobs.example.com',
  certificateArn: 'arn:aws:acm:ap-southeast-1:111122223333:certificate/11112222-3333-4444-5555-666677778888',
  hostedZone: { id: 'Z111122223333', name: 'example.com' },
};

interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

function resourcesOf(
  operations: readonly OperationDefinition[],
  props: Partial<AsyncOperationsStackProps> = { authorization: { mode: 'iam' } },
): readonly Resource[] {
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
  const stack = new AsyncOperationsStack(app, 'Stack', { env, operations: { operations, module }, ...props });
  return Object.values(Template.fromStack(stack).toJSON().Resources as Record<string, Resource>);
}

/** The longest JSON of a property of all resources of a type. References count with their template text, which is longer. */
function longest(resources: readonly Resource[], type: string, property: string): number {
  const texts = resources
    .filter(({ Type }) => Type === type)
    .map(({ Properties }) => JSON.stringify(Properties[property] ?? {}));
  return Math.max(...texts.map((text) => text.length));
}

test.each<[string, Partial<AsyncOperationsStackProps>]>([
  ['with IAM', { authorization: { mode: 'iam' } }],
  ['with Cognito, a domain and a firewall', { domain: DOMAIN, firewall: {} }],
])('sixty operations fit into one stack %s', (_what, props) => {
  const resources = resourcesOf(sixty, props);
  expect(resources.length).toBeLessThanOrEqual(500);
  expect(longest(resources, 'AWS::Events::Rule', 'EventPattern')).toBeLessThanOrEqual(2_048);
  expect(longest(resources, 'AWS::Lambda::Function', 'Environment')).toBeLessThanOrEqual(4_096);
});

test('an operation adds five resources', () => {
  const [one, two] = [resourcesOf([clone(1)]), resourcesOf([clone(1), clone(2)])];
  expect(two.length - one.length).toBe(5);
});

test('sixty external state machines fit into the rules and the environment', () => {
  const external = sixty.map(({ name, input, annotations }) =>
    stateMachineOperation({
      name,
      title: 'External',
      description: 'Runs a state machine.',
      input: input as z.ZodObject,
      annotations,
      stateMachineArn: `arn:aws:states:ap-southeast-1:111122223333:stateMachine:${`report-${name}`.padEnd(30, 'x')}`,
    }),
  );
  const resources = resourcesOf(external);
  expect(longest(resources, 'AWS::Events::Rule', 'EventPattern')).toBeLessThanOrEqual(2_048);
  expect(longest(resources, 'AWS::Lambda::Function', 'Environment')).toBeLessThanOrEqual(4_096);
});

test('sixty synchronous operations fit into the environment', () => {
  const sync = sixty.map((operation) => ({
    ...operation,
    execution: { mode: 'sync', limitMs: 1_000 } as const,
    steps: { only: { timeoutMs: 1_000 } },
  }));
  expect(longest(resourcesOf(sync), 'AWS::Lambda::Function', 'Environment')).toBeLessThanOrEqual(4_096);
});

test('a catalogue that no stack has room for is refused with the number and the remedy', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => clone(index));
  expect(() => resourcesOf(hundred)).toThrow(
    /The stack has \d+ resources with 100 operations, and CloudFormation allows 500\. Divide the catalogue/,
  );
});

test('an environment that Lambda refuses is refused with its size and the remedy', () => {
  const names = sixty.map(({ name, input, annotations }) =>
    stateMachineOperation({
      name,
      title: 'External',
      description: 'Runs a state machine.',
      input: input as z.ZodObject,
      annotations,
      stateMachineName: name.padEnd(80, 'x'),
    }),
  );
  expect(() => resourcesOf(names)).toThrow(
    /The environment of Stack\/Default\/Mcp\/Function\/Resource takes \d{4} bytes, and Lambda allows 4096\. Divide/,
  );
});
