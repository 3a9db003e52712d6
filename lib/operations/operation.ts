/** Creates an operation with steps: the function that runs them, and the state machine that orders them. */
import { Duration } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { DefinitionBody, LogLevel, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { longestRunMs, type StepsOperation } from '../../lambdas/definition/operation-definition.ts';
import { Env } from '../../lambdas/shared/env.ts';
import type { Catalogue } from '../catalogue.ts';
import { grantInvoke } from '../defaults/grant-invoke.ts';
import { isTraced } from '../defaults/tracing.ts';
import type { SandboxReports } from '../endpoints/sandbox-reports.ts';
import type { JobsTable } from '../jobs/jobs-table.ts';
import type { WorkspaceBucket } from '../jobs/workspace-bucket.ts';
import { type ApiConnection, apiRoots, grantCalls } from './api-connections.ts';
import type { MachineResources } from './machine-resources.ts';
import type { OperationGrants } from './operation-grants.ts';
import type { OperationNames } from './operation-names.ts';
import { operationStates } from './operation-states.ts';
import { grantTables } from './operator-tables.ts';
import { createStepFunctions, type OperationFunctionOptions, type StepFunctions } from './step-function.ts';

export interface OperationProps {
  readonly definition: StepsOperation;
  readonly catalogue: Catalogue;
  readonly names: OperationNames;
  readonly machines: MachineResources;
  /** @default the defaults of each option */
  readonly options?: OperationFunctionOptions;
  readonly jobsTable: JobsTable;
  readonly workspace: WorkspaceBucket;
  /** Existing tables that an operation with `resources.tables` may read and change. */
  readonly tables: readonly string[];
  /** APIs that an operation with `calls` may call. */
  readonly apis: readonly ApiConnection[];
  /** ARNs of the customer managed keys of these tables and APIs. */
  readonly kmsKeys: readonly string[];
  /** The state machine invokes it when a step cannot record its own failure. */
  readonly failureRecorder: LambdaFunction;
  /** Undefined when no operation has a sandbox. */
  readonly reports: SandboxReports | undefined;
}

/**
 * An operation with steps. `AsyncOperations.operation(name)` returns it.
 * @example
 * ```ts
 * const { function: steps } = ops.operation('thumbnail');
 * images.grantReadWrite(steps);
 * steps.addEnvironment('BUCKET', images.bucketName);
 * ```
 */
export class Operation extends Construct implements OperationGrants {
  /** The state machine that runs the steps; undefined for an operation with the execution mode `sync`. */
  readonly stateMachine: StateMachine | undefined;
  /**
   * The function that runs the steps. Grant it the permissions that they need; `addEnvironment` and `connections` work too. A
   * sandbox gets none of these.
   */
  readonly function: LambdaFunction;
  readonly #functions: StepFunctions;
  readonly #definition: StepsOperation;
  readonly #names: OperationNames;

  constructor(scope: Construct, id: string, props: OperationProps) {
    super(scope, id);
    const { definition, catalogue, names, options, jobsTable, workspace, reports } = props;
    this.#definition = definition;
    this.#names = names;
    this.#functions = createStepFunctions(this, { definition, catalogue, names, options, reports });
    this.function = this.#functions.function;
    workspace.grantReadWrite(this.function);
    if (definition.execution.mode !== 'sync') jobsTable.grantProgress(this.function);
    this.#functions.role.seal();
    if (definition.resources?.tables) grantTables(this.function, props.tables, props.kmsKeys);
    if (definition.execution.mode !== 'sync') this.stateMachine = this.#createStateMachine(props);
  }

  grantRun(fn: LambdaFunction): void {
    if (this.#definition.execution.mode === 'job') return;
    grantInvoke(this.function, fn);
    this.#names.addFunctions(fn);
  }

  /** Does nothing: `OperationNames` grants access to the state machines of the stack. */
  grantStartStop(): void {}

  /** Does nothing: `OperationNames` grants access to the state machines of the stack. */
  grantStop(): void {}

  /** Does nothing: `OperationNames` grants access to the state machines of the stack. */
  grantReconcile(): void {}

  /** Does nothing: steps report their own progress. */
  grantReadProgress(): void {}

  #createStateMachine(props: OperationProps): StateMachine {
    const { definition, names, machines, failureRecorder, apis } = props;
    const { siblings } = this.#functions;
    const hasCalls = Object.values(definition.steps).some(({ calls }) => calls);
    const role = hasCalls ? machines.createRole(this, siblings) : machines.sharedRole(siblings);
    const machine = new StateMachine(this, 'StateMachine', {
      stateMachineName: names.of(definition.name),
      comment: definition.title,
      definitionBody: DefinitionBody.fromChainable(
        operationStates(this, { definition, functions: this.#functions, failureRecorder, apis }),
      ),
      timeout: Duration.millis(longestRunMs(definition)),
      role,
      tracingEnabled: isTraced(this),
      logs: { level: LogLevel.ERROR, destination: machines.logGroup },
    });
    if (hasCalls) {
      this.function.addEnvironment(Env.apiRoots, apiRoots(apis));
      grantCalls(this, { machine, role }, props);
    }
    return machine;
  }
}
