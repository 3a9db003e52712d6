/** Creates the functions that run the steps of one operation, with or without a sandbox. */
import { Duration, RemovalPolicy, Size } from 'aws-cdk-lib';
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
// A namespace, so that an older CDK without these names fails in `check-peers.ts` and not while modules are linked.
import * as lambda from 'aws-cdk-lib/aws-lambda';
import {
  type Architecture,
  type EnvironmentOptions,
  type ILayerVersion,
  type Function as LambdaFunction,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import {
  type StepsOperation,
  stepMemoryMb,
  validateMemory,
} from '../../lambdas/definition/operation-definition.ts';
import { STEP_WRAP_UP_MS } from '../../lambdas/definition/state-names.ts';
import { Env } from '../../lambdas/shared/env.ts';
import { type Catalogue, handlerFile } from '../catalogue.ts';
import { CompactRole } from '../defaults/compact-role.ts';
import { grantInvokeVersions } from '../defaults/grant-invoke.ts';
import { lambdaEntry } from '../defaults/lambda-entry.ts';
import { NodeFunction, type NodeFunctionProps } from '../defaults/node-function.ts';
import type { SandboxReports } from '../endpoints/sandbox-reports.ts';
import type { OperationNames } from './operation-names.ts';

/** Time beyond the wrap-up, for the function's cold start. */
const COLD_START_MS = 10_000;
/** Time beyond a step's limit, for the sandbox to stop its processes and to report: the last report waits for the runner. */
const SANDBOX_WRAP_UP_MS = 60_000;
/** To start a step or to end it. The sandbox repeats a report that does not get a response in half a minute. */
const RUNNER_TIMEOUT = Duration.seconds(60);
/** Lambda drops the event of an attempt that cannot start. The shortest time that it allows. */
const MAX_EVENT_AGE = Duration.seconds(60);

/**
 * Options of the function that runs an operation's steps. Operations with a sandbox reject them.
 * @example
 * ```ts
 * new AsyncOperations(stack, 'Operations', {
 *   operations,
 *   functions: { thumbnail: { vpc, memoryMb: { resize: 3_008 }, environment: { BUCKET: bucket.bucketName } } },
 * });
 * ```
 */
export interface OperationFunctionOptions {
  /** VPC of the function. @default no VPC */
  readonly vpc?: IVpc;
  /** Subnets of the function. @default the private subnets of the VPC */
  readonly vpcSubnets?: SubnetSelection;
  /** Security groups of the function. @default one new security group */
  readonly securityGroups?: readonly ISecurityGroup[];
  /** Lambda layers of the function. @default none */
  readonly layers?: readonly ILayerVersion[];
  /** Additional environment variables. @default only those that the engine sets */
  readonly environment?: Readonly<Record<string, string>>;
  /** CPU architecture. Packages of `resources.packages` are installed for it. @default Architecture.ARM_64 */
  readonly architecture?: Architecture;
  /**
   * Memory in MiB, from 128 to 10,240: one value for all steps, or a value by step. Each other memory size adds one function
   * with the same role and environment. @default the memory of the definition: `memoryMb` of the step, `resources.memoryMb`, or 512
   */
  readonly memoryMb?: number | Readonly<Record<string, number>>;
  /** Maximum concurrent instances of each function. @default not limited */
  readonly reservedConcurrency?: number;
}

export interface StepFunctionProps {
  readonly definition: StepsOperation;
  readonly catalogue: Catalogue;
  readonly names: OperationNames;
  readonly options?: OperationFunctionOptions;
  /** Required for an operation with a sandbox. */
  readonly reports: SandboxReports | undefined;
}

/** The functions of one operation: usually one, and one more for each other memory size. */
export interface StepFunctions {
  /** Receives grants, environment and connections. Functions of other memory sizes share them. */
  readonly function: LambdaFunction;
  /** Its permissions are part of it until it is sealed. */
  readonly role: CompactRole;
  /** Functions without the common name. */
  readonly siblings: readonly LambdaFunction[];
  of(step: string): LambdaFunction;
}

/**
 * Keeps the versions of earlier deploys: running executions invoke the version that they began with. Lambda deletes all of them
 * with the function. A rollback deletes the version that it created: Lambda does not publish the same code twice in a row.
 */
const VERSION_OPTIONS = { removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE };

export function createStepFunctions(scope: Construct, props: StepFunctionProps): StepFunctions {
  const { definition, options } = props;
  if (definition.sandbox) {
    if (options) {
      throw new Error(
        `Operation "${definition.name}" runs in a sandbox, which takes no function options: remove functions.${definition.name}.`,
      );
    }
    const { runner, role } = createSandboxRunner(scope, props);
    return { function: runner, role, siblings: [], of: () => runner };
  }
  return createSizedFunctions(scope, props);
}

function createSizedFunctions(scope: Construct, props: StepFunctionProps): StepFunctions {
  const { definition, options = {} } = props;
  checkMemory(definition, options.memoryMb);
  const [[mainMb, mainSteps], ...others] = stepsBySize(definition, options.memoryMb);
  const role = functionRole(scope, 'Function');
  const main = new StepFunction(scope, 'Function', {
    ...functionProps(props, mainMb, mainSteps),
    functionName: props.names.of(definition.name),
    role,
  });
  const byStep = new Map<string, LambdaFunction>();
  const siblings = others.map(([size, steps], index) => {
    const sibling = new NodeFunction(scope, sizedId('Function', index + 1), {
      ...functionProps(props, size, steps),
      role,
      ...(options.vpc && { securityGroups: main.connections.securityGroups }),
    });
    main.addSibling(sibling);
    for (const step of steps) byStep.set(step, sibling);
    return sibling;
  });
  return { function: main, role, siblings, of: (step) => byStep.get(step) ?? main };
}

type StepsOfSize = readonly [memoryMb: number, steps: readonly string[]];

/** @returns the steps by memory. The first memory is that of the operation, so that a step with another one adds a function. */
function stepsBySize(
  definition: StepsOperation,
  memoryMb: OperationFunctionOptions['memoryMb'],
): readonly [StepsOfSize, ...StepsOfSize[]] {
  const chosen = typeof memoryMb === 'object' ? memoryMb : {};
  const sizeOf = (step: string) =>
    typeof memoryMb === 'number' ? memoryMb : (chosen[step] ?? stepMemoryMb(definition, step));
  const steps = Object.keys(definition.steps);
  const ofOperation = stepMemoryMb({ ...definition, steps: {} }, '');
  const sizes = [...new Set(steps.map(sizeOf))].sort(
    (a, b) => Number(b === ofOperation) - Number(a === ofOperation),
  );
  const [first = ofOperation, ...others] = sizes;
  const withSteps = (size: number): StepsOfSize => [size, steps.filter((step) => sizeOf(step) === size)];
  return [withSteps(first), ...others.map(withSteps)];
}

/** Not named after its memory: another memory changes the function, where another name would delete its versions. */
function sizedId(id: string, index: number): string {
  return index === 0 ? id : `${id}${index + 1}`;
}

/** @throws Error naming the value and the remedy */
function checkMemory({ name, steps }: StepsOperation, memoryMb: OperationFunctionOptions['memoryMb']): void {
  const sizes = typeof memoryMb === 'object' ? memoryMb : memoryMb === undefined ? {} : { '': memoryMb };
  for (const [step, size] of Object.entries(sizes)) {
    if (step !== '' && !Object.hasOwn(steps, step)) {
      throw new Error(
        `functions.${name}.memoryMb names the step "${step}": the operation has ${Object.keys(steps).join(', ')}.`,
      );
    }
    validateMemory(`functions.${name}.memoryMb is`, size);
  }
}

/** The main function of an operation. Functions of other memory sizes get its environment. */
class StepFunction extends NodeFunction {
  readonly #siblings: LambdaFunction[] = [];
  readonly #added: [string, string, EnvironmentOptions | undefined][] = [];

  addSibling(sibling: LambdaFunction): void {
    for (const [key, value, options] of this.#added) sibling.addEnvironment(key, value, options);
    this.#siblings.push(sibling);
  }

  override addEnvironment(key: string, value: string, options?: EnvironmentOptions): this {
    // The constructor of CDK's function calls this before the fields exist.
    if (#siblings in this) {
      this.#added.push([key, value, options]);
      for (const sibling of this.#siblings) sibling.addEnvironment(key, value, options);
    }
    return super.addEnvironment(key, value, options);
  }
}

function functionProps(
  props: StepFunctionProps,
  memorySize: number,
  steps: readonly string[],
): NodeFunctionProps {
  const { definition, options = {} } = props;
  const { layers, securityGroups, reservedConcurrency, memoryMb: _, environment, ...rest } = options;
  const isX86 = options.architecture === lambda.Architecture.X86_64;
  return {
    ...handlerProps(props),
    ...rest,
    environment: { ...environment, ...(isX86 && { [Env.architecture]: 'x86_64' }) },
    ...(layers && { layers: [...layers] }),
    ...(securityGroups && { securityGroups: [...securityGroups] }),
    ...(reservedConcurrency !== undefined && { reservedConcurrentExecutions: reservedConcurrency }),
    memorySize,
    description: `Runs the steps of ${definition.title}: ${steps.join(', ')}`,
    timeout: Duration.millis(longestStepMs(definition) + STEP_WRAP_UP_MS + COLD_START_MS),
    currentVersionOptions: VERSION_OPTIONS,
  };
}

function functionRole(scope: Construct, functionId: string): CompactRole {
  return new CompactRole(scope, `${functionId}Role`, 'lambda.amazonaws.com');
}

function createSandboxRunner(
  scope: Construct,
  props: StepFunctionProps,
): { readonly runner: LambdaFunction; readonly role: CompactRole } {
  const { definition, catalogue, names, reports } = props;
  const sandboxRole = functionRole(scope, 'Sandbox');
  const sandboxes = stepsBySize(definition, undefined).map(([memorySize, steps], index) => {
    const sandbox = new NodeFunction(scope, sizedId('Sandbox', index), {
      ...handlerProps(props),
      memorySize,
      description: `Sandbox for steps of ${definition.title}, without permissions on AWS: ${steps.join(', ')}`,
      purpose: 'sandbox',
      timeout: Duration.millis(longestStepMs(definition) + SANDBOX_WRAP_UP_MS),
      // Its role may only write its log. Tracing would add permissions.
      tracing: Tracing.DISABLED,
      // An instance serves one owner only: no owner sees the files of another.
      tenancyConfig: lambda.TenancyConfig.PER_TENANT,
      role: sandboxRole,
      // The state machine retries.
      currentVersionOptions: { ...VERSION_OPTIONS, retryAttempts: 0, maxEventAge: MAX_EVENT_AGE },
    });
    return [memorySize, sandbox] as const;
  });
  const role = functionRole(scope, 'Function');
  const runner = new NodeFunction(scope, 'Function', {
    description: `Runs the steps of ${definition.title} in its sandbox`,
    entry: lambdaEntry('runner/sandbox/run-steps.lambda'),
    catalogue,
    // It mostly waits for AWS.
    memorySize: 256,
    timeout: RUNNER_TIMEOUT,
    functionName: names.of(definition.name),
    role,
    currentVersionOptions: VERSION_OPTIONS,
  });
  for (const [, sandbox] of sandboxes) grantInvokeVersions(sandbox, runner);
  // A version of the runner keeps the versions of the sandboxes that were deployed with it.
  const arns = sandboxes.map(([memoryMb, { currentVersion }]) => [memoryMb, currentVersion.functionArn]);
  runner.addEnvironment(Env.sandboxFunctionArns, JSON.stringify(Object.fromEntries(arns)));
  runner.addEnvironment(Env.operationName, definition.name);
  reports?.grantStart(definition.name, runner);
  return { runner, role };
}

/** Returns the properties of the function that runs the operation's handler. */
function handlerProps({ definition, catalogue }: StepFunctionProps): NodeFunctionProps {
  const { resources = {} } = definition;
  return {
    entry: handlerFile(definition, catalogue.module),
    // Debug lines of handlers and their libraries are many, and not redacted.
    applicationLogLevelV2: lambda.ApplicationLogLevel.INFO,
    ephemeralStorageSize: Size.mebibytes(resources.storageMb ?? 512),
    packages: resources.packages,
    wholeSdk: true,
  };
}

function longestStepMs({ steps }: StepsOperation): number {
  return Math.max(...Object.values(steps).map(({ timeoutMs }) => timeoutMs));
}
