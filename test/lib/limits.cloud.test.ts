/** Counts on the template what docs/reference/limits.md says that a deployment uses. */
import { readFileSync } from 'node:fs';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AsyncOperationsStack } from '../../lib/async-operations-stack.ts';
import { samples } from '../support/sample-catalogue.ts';

interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: CloudFormation's own shapes
  readonly Properties: any;
}

const stack = new AsyncOperationsStack(
  new App({ context: { 'aws:cdk:bundling-stacks': [] } }),
  'AsyncOperations',
  {
    operations: samples,
    domain: {
      domainName: 'jobs.example.com',
      certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/11112222-3333-4444-5555-666677778888',
      hostedZone: { id: 'Z111122223333', name: 'example.com' },
    },
    firewall: {},
    apiLogs: 'new-role',
    tables: ['orders'],
    apis: [
      {
        name: 'crm',
        root: 'https://api.example.com/v2',
        connectionArn:
          'arn:aws:events:us-east-1:111122223333:connection/crm/11112222-3333-4444-5555-666677778888',
      },
    ],
  },
);
const template = Template.fromStack(stack).toJSON();
const resources: readonly Resource[] = Object.values(template.Resources);

const ofType = (type: string) => resources.filter(({ Type }) => Type === type);
const longest = (texts: readonly string[]) => Math.max(0, ...texts.map((text) => text.length));

/** Returns a text as AWS gets it. The values of references are not known: 120 characters are a long ARN. */
function deployed(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const [[key, argument] = []] = Object.entries(value);
  if (key === 'Fn::Join') return (argument as [string, unknown[]])[1].map(deployed).join('');
  if (key === 'Ref' && String(argument).startsWith('AWS::')) return 'ap-southeast-1';
  return 'x'.repeat(120);
}

/** Returns JSON as AWS gets it. */
function deployedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(deployedJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value);
  if (entries.some(([key]) => key === 'Ref' || key.startsWith('Fn::')))
    return JSON.stringify(deployed(value));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${deployedJson(inner)}`).join(',')}}`;
}

/** Returns the policies of each role, joined. */
function inlinePolicies(): readonly string[] {
  return Object.entries<Resource>(template.Resources)
    .filter(([, { Type }]) => Type === 'AWS::IAM::Role')
    .map(([id, { Properties }]) => {
      const attached = ofType('AWS::IAM::Policy').filter((policy) =>
        policy.Properties.Roles.some(({ Ref }: { Ref?: string }) => Ref === id),
      );
      return [...(Properties.Policies ?? []), ...attached.map((policy) => policy.Properties)]
        .map(({ PolicyDocument }) => deployedJson(PolicyDocument))
        .join('');
    });
}

/** Returns the permissions of each function, as JSON. A statement repeats what the template has once, and a condition. */
function resourcePolicies(): readonly string[] {
  const permissions = new Map<string, string>();
  for (const { Properties } of ofType('AWS::Lambda::Permission')) {
    const name = JSON.stringify(Properties.FunctionName);
    permissions.set(name, `${permissions.get(name) ?? ''}${deployedJson(Properties)}${'x'.repeat(150)}`);
  }
  return [...permissions.values()];
}

function mostReadersOfAStream(): number {
  const streams = ofType('AWS::Lambda::EventSourceMapping')
    .map(({ Properties }) => JSON.stringify(Properties.EventSourceArn))
    .filter((arn) => arn.includes('StreamArn'));
  return Math.max(...streams.map((arn) => streams.filter((other) => other === arn).length));
}

const COUNTS: Readonly<Record<string, () => number>> = {
  'resources of a stack': () => resources.length,
  'bytes of a template': () => Buffer.byteLength(JSON.stringify(template)),
  'outputs of a stack': () => Object.keys(template.Outputs).length,
  'parameters of a stack': () => Object.keys(template.Parameters).length,
  'tags of a resource': () =>
    Math.max(...resources.map(({ Properties = {} }) => Properties.Tags?.length ?? 0)),
  'resources (paths) of a REST API': () => ofType('AWS::ApiGateway::Resource').length,
  "bytes of a function's environment": () =>
    longest(
      ofType('AWS::Lambda::Function').map(({ Properties }) =>
        deployedJson(Properties.Environment?.Variables ?? {}),
      ),
    ),
  'characters of an event pattern': () =>
    longest(ofType('AWS::Events::Rule').map(({ Properties }) => deployedJson(Properties.EventPattern ?? {}))),
  "characters of a role's inline policies": () => longest(inlinePolicies()),
  "bytes of a function's resource policy": () => longest(resourcePolicies()),
  "characters of a state machine's definition": () =>
    longest(
      ofType('AWS::StepFunctions::StateMachine').map(({ Properties }) =>
        deployed(Properties.DefinitionString),
      ),
    ),
  "readers of a table's stream": mostReadersOfAStream,
  'indexes of a table': () =>
    Math.max(
      ...ofType('AWS::DynamoDB::GlobalTable').map(
        ({ Properties }) => Properties.GlobalSecondaryIndexes?.length ?? 0,
      ),
    ),
  'roles of an account': () => ofType('AWS::IAM::Role').length,
  'rules of the default event bus': () => ofType('AWS::Events::Rule').length,
  'log groups of a region': () => ofType('AWS::Logs::LogGroup').length,
};

const number = (cell = '') => Number(cell.replaceAll(',', ''));
const document = readFileSync('docs/reference/limits.md', 'utf8');
const [, section = ''] = document.split('## What a deployment uses');
const rows = (section.split('\n## ')[0] ?? '')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .slice(2)
  .map(([, what = '', limit, used]) => ({ what, limit: number(limit), used: number(used) }));

test('every row is counted', () => {
  expect(rows.map(({ what }) => what)).toEqual(Object.keys(COUNTS));
});

test.each(rows)('$what: $used of $limit', ({ what, limit, used }) => {
  const count = COUNTS[what]?.() ?? Number.NaN;
  expect(count).toBeLessThanOrEqual(used);
  // A stale number would hide how near the limit is.
  expect(count).toBeGreaterThanOrEqual(used / 4);
  expect(used).toBeLessThanOrEqual(limit);
});
