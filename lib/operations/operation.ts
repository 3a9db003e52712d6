/** Creates an operation with steps: the function that runs them, and the state machine that orders them. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { longestRunMs, type StepsOperation } from '../../lambdas/definition/operation-definition.ts';
import { callArnEnv, Env, stateMachineArnEnv } from '../../lambdas/shared/env.ts';
import type { Catalogue } from '../catalogue.ts';
import { dependOnPolicies } from '../defaults/depend-on-policies.ts';
import { deploymentName } from '../defaults/deployment-name.ts';
import { grantInvoke } from '../defaults/grant-invoke.ts';
import type { JobsTable } from '../jobs/jobs-table.ts';
import type { WorkspaceBucket } from '../jobs/workspace-bucket.ts';
import { type ApiConnection, apiRoots, grantCalls } from './api-connections.ts';
import type { OperationGrants } from './operation-grants.ts';
import { operationStates } from './operation-states.ts';
import { grantTables } from './operator-tables.ts';
import { createStepFunctions, type OperationFunctionOptions, type StepFunctions } from './step-function.ts';

export interface OperationProps {
  readonly definition: StepsOperation;
  readonly catalogue: Catalogue;
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

  constructor(scope: Construct, id: string, props: OperationProps) {
    super(scope, id);
    const { definition, catalogue, options, jobsTable, workspace } = props;
    this.#definition = definition;
    this.#functions = createStepFunctions(this, { definition, catalogue, options });
    this.function = this.#functions.function;
    workspace.grantReadWrite(this.function);
    if (definition.resources?.tables) grantTables(this.function, props.tables, props.kmsKeys);
    if (definition.execution.mode === 'sync') return;
    jobsTable.grantProgress(this.function);
    this.stateMachine = this.#createStateMachine(props);
    if (Object.values(definition.steps).some(({ calls }) => calls)) {
      this.function.addEnvironment(Env.apiRoots, apiRoots(props.apis));
      grantCalls(this, this.stateMachine, props);
    }
  }

  grantRun(fn: LambdaFunction): void {
    const { name, execution } = this.#definition;
    this.grantStartStop(fn);
    if (execution.mode !== 'job') {
      grantInvoke(this.function, fn);
      fn.addEnvironment(callArnEnv(name), this.function.functionArn);
    }
  }

  grantStartStop(fn: LambdaFunction): void {
    this.#grantStart(fn);
    this.stateMachine?.grantExecution(fn, 'states:StopExecution');
  }

  #grantStart(fn: LambdaFunction): void {
    if (!this.stateMachine) return;
    this.stateMachine.grantStartExecution(fn);
    fn.addEnvironment(stateMachineArnEnv(this.#definition.name), this.stateMachine.stateMachineArn);
  }

  grantReconcile(fn: LambdaFunction): void {
    this.#grantStart(fn);
    this.stateMachine?.grant(fn, 'states:ListExecutions');
    this.stateMachine?.grantExecution(fn, 'states:DescribeExecution');
  }

  grantResume(fn: LambdaFunction): void {
    const asks = Object.values(this.#definition.steps).some(({ inputTimeoutMs }) => inputTimeoutMs);
    if (asks) this.stateMachine?.grant(fn, 'states:SendTaskSuccess');
  }

  /** Does nothing: steps report their own progress. */
  grantReadProgress(): void {}

  #createStateMachine({ definition, failureRecorder, apis }: OperationProps): StateMachine {
    const machine = new StateMachine(this, 'StateMachine', {
      comment: definition.title,
      definitionBody: DefinitionBody.fromChainable(
        operationStates(this, { definition, functions: this.#functions, failureRecorder, apis }),
      ),
      timeout: Duration.millis(longestRunMs(definition)),
      tracingEnabled: true,
      logs: {
        level: LogLevel.ERROR,
        destination: new LogGroup(this, 'StateMachineLog', {
          // For each group with another prefix, Step Functions adds its name to a resource policy of at most 5,120 characters.
          logGroupName: `/aws/vendedlogs/states/${deploymentName(this)}`,
          retention: RetentionDays.ONE_MONTH,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
      },
    });
    if (machine.role instanceof Role) dependOnPolicies(machine.role);
    return machine;
  }
}
