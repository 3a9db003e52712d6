/** The function that an operation's states invoke: it runs the steps itself, or has a sandbox run them. */
import { dirname } from 'node:path';
import { Duration, Size } from 'aws-cdk-lib';
import { type Function as LambdaFunction, TenancyConfig, Tracing } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { StepsOperation } from '../../lambdas/definition/operation-definition.ts';
import { STEP_WRAP_UP_MS } from '../../lambdas/definition/state-names.ts';
import { Env } from '../../lambdas/shared/env.ts';
import { repositoryRoot } from '../defaults/bundle.ts';
import { grantInvoke } from '../defaults/grant-invoke.ts';
import { NodeFunction, type NodeFunctionProps } from '../defaults/node-function.ts';

/** Beyond the wrap-up: for the function's own cold start. */
const COLD_START_MS = 10_000;
/** Beyond a step's limit, which the sandbox keeps itself: to stop what it runs, and to say so. */
const SANDBOX_WRAP_UP_MS = 10_000;

export interface StepFunctionProps {
  readonly definition: StepsOperation;
  /** The module that exports the catalogue, `operations`; each operation's folder is beside it. */
  readonly catalogue: string;
}

export function createStepFunction(scope: Construct, props: StepFunctionProps): LambdaFunction {
  return props.definition.sandbox ? withSandbox(scope, props) : plain(scope, props);
}

function plain(scope: Construct, props: StepFunctionProps): LambdaFunction {
  const { title, steps } = props.definition;
  return new NodeFunction(scope, 'Function', {
    ...ownCode(props),
    description: `Runs the steps of ${title}: ${Object.keys(steps).join(', ')}`,
    timeout: Duration.millis(longestStepMs(props) + STEP_WRAP_UP_MS + COLD_START_MS),
  });
}

function withSandbox(scope: Construct, props: StepFunctionProps): LambdaFunction {
  const { definition, catalogue } = props;
  const sandbox = new NodeFunction(scope, 'Sandbox', {
    ...ownCode(props),
    description: `Sandbox for the steps of ${definition.title}: what runs here can do nothing on AWS`,
    timeout: Duration.millis(longestStepMs(props) + SANDBOX_WRAP_UP_MS),
    // Its role can write its log. Traces are permissions as well.
    tracing: Tracing.DISABLED,
    // What one owner's code leaves behind on an instance is never there for another owner's.
    tenancyConfig: TenancyConfig.PER_TENANT,
  });
  const runner = new NodeFunction(scope, 'Function', {
    description: `Runs the steps of ${definition.title} in its sandbox`,
    entry: `${repositoryRoot}lambdas/runner/sandbox/run-steps.lambda.ts`,
    alias: { '#catalogue': catalogue },
    // It waits, most of the time.
    memorySize: 256,
    timeout: Duration.millis(longestStepMs(props) + STEP_WRAP_UP_MS + COLD_START_MS),
  });
  grantInvoke(sandbox, runner);
  runner.addEnvironment(Env.sandboxFunctionArn, sandbox.functionArn);
  runner.addEnvironment(Env.operationName, definition.name);
  return runner;
}

/** What the definition says of the function that its own code runs in. */
function ownCode({ definition, catalogue }: StepFunctionProps): NodeFunctionProps {
  const { name, resources = {} } = definition;
  return {
    entry: `${dirname(catalogue)}/${name.replaceAll('_', '-')}/steps.lambda.ts`,
    memorySize: resources.memoryMb ?? 512,
    ephemeralStorageSize: Size.mebibytes(resources.storageMb ?? 512),
    packages: resources.packages,
  };
}

function longestStepMs({ definition }: StepFunctionProps): number {
  return Math.max(...Object.values(definition.steps).map(({ timeoutMs }) => timeoutMs));
}
