/** Creates the stack in each of its variants, for checks that look at templates. */
import { App } from 'aws-cdk-lib';
import * as z from 'zod';
import { stateMachineOperation } from '../../lambdas/definition/state-machine-operation.ts';
import { AsyncOperationsStack, type AsyncOperationsStackProps } from '../../lib/async-operations-stack.ts';
import { samples } from './sample-catalogue.ts';

/** Properties of the stack, beside the operations of the samples. */
export type StackVariant = Partial<AsyncOperationsStackProps>;

const DOMAIN = {
  domainName: 'jobs.example.com',
  certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/11112222-3333-4444-5555-666677778888',
  hostedZone: { id: 'Z111122223333', name: 'example.com' },
};

const CRM = {
  name: 'crm',
  root: 'https://api.example.com/v2',
  connectionArn:
    'arn:aws:events:eu-central-1:111122223333:connection/crm/11112222-3333-4444-5555-666677778888',
};
const OWN_MACHINE = stateMachineOperation({
  name: 'report',
  title: 'Report',
  description: 'Makes the report.',
  input: z.object({}),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  stateMachineName: 'report',
});

/** The variants by name: `by default`, `with IAM`, … */
export const stackVariants: Readonly<Record<string, StackVariant>> = {
  'by default': {},
  'with an identity provider': { authorization: { mode: 'oidc', issuer: 'https://id.example.com' } },
  'with IAM and a canary': {
    authorization: { mode: 'iam' },
    monitoring: { canary: { operation: 'search', input: { project: 'canary', pattern: 'ok' } } },
  },
  'with APIs': { apis: [CRM] },
  'with a domain, a firewall, logs and alarms by e-mail': {
    domain: DOMAIN,
    firewall: {},
    apiLogs: 'new-role',
    monitoring: { email: 'on-call@example.com', budget: { monthlyUsd: 300 } },
  },
  'with a state machine of your own': {
    operations: { ...samples, operations: [...samples.operations, OWN_MACHINE] },
  },
};

/** @param outdir of the assembly. @default a temporary folder */
export function variantApp(props: StackVariant, outdir?: string): App {
  // Checks look at resources, not at bundles.
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [] }, outdir });
  new AsyncOperationsStack(app, 'AsyncOperations', { operations: samples, ...props });
  return app;
}
