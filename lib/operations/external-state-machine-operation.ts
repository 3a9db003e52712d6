/** Adds an operation that runs an existing state machine: it grants the permission to run it, and changes nothing. */
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { type IStateMachine, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { StateMachineOperation } from '../../lambdas/definition/operation-definition.ts';
import type { WorkspaceBucket } from '../jobs/workspace-bucket.ts';
import { externalStateMachineArn } from './external-state-machines.ts';
import type { OperationGrants } from './operation-grants.ts';
import type { OperationNames } from './operation-names.ts';

export interface ExternalStateMachineOperationProps {
  readonly definition: StateMachineOperation;
  /** ARN or name of the state machine, as mapped at deploy. @default the value in the definition */
  readonly arnOrName?: string;
  readonly names: OperationNames;
  readonly workspace: WorkspaceBucket;
}

/** An operation that runs an external state machine. */
export class ExternalStateMachineOperation extends Construct implements OperationGrants {
  readonly stateMachine: IStateMachine;
  /** Executions of a Standard state machine are jobs, and EventBridge reports their status. */
  readonly isStandard: boolean;
  readonly #names: OperationNames;
  readonly #workspace: WorkspaceBucket;

  constructor(
    scope: Construct,
    id: string,
    { definition, arnOrName, names, workspace }: ExternalStateMachineOperationProps,
  ) {
    super(scope, id);
    this.#names = names;
    this.#workspace = workspace;
    this.isStandard = definition.execution.mode === 'job';
    const arn = externalStateMachineArn(this, definition, arnOrName);
    this.stateMachine = StateMachine.fromStateMachineArn(this, 'StateMachine', arn);
    names.addExternal(definition.name, arn.slice(arn.lastIndexOf(':') + 1));
  }

  grantRun(fn: LambdaFunction): void {
    this.#names.addStateMachines(fn);
    if (!this.isStandard) {
      this.stateMachine.grantStartSyncExecution(fn);
      return;
    }
    this.grantStartStop(fn);
    this.grantReadProgress(fn);
  }

  grantStartStop(fn: LambdaFunction): void {
    if (!this.isStandard) return;
    this.stateMachine.grantStartExecution(fn);
    this.grantStop(fn);
  }

  grantStop(fn: LambdaFunction): void {
    if (!this.isStandard) return;
    this.#names.addStateMachines(fn);
    this.stateMachine.grantExecution(fn, 'states:StopExecution');
  }

  grantReconcile(fn: LambdaFunction): void {
    if (!this.isStandard) return;
    this.stateMachine.grantStartExecution(fn);
    this.stateMachine.grant(fn, 'states:ListExecutions');
    this.grantRecordExecutions(fn);
  }

  grantReadProgress(fn: LambdaFunction): void {
    if (!this.isStandard) return;
    this.#names.addStateMachines(fn);
    this.stateMachine.grantExecution(
      fn,
      'states:GetExecutionHistory',
      'states:DescribeStateMachineForExecution',
    );
  }

  /** Allows a function to record the end of executions, and to stop those whose job had ended before they started. */
  grantRecordExecutions(fn: LambdaFunction): void {
    this.stateMachine.grantExecution(fn, 'states:DescribeExecution', 'states:StopExecution');
    this.grantReadProgress(fn);
    this.#workspace.grantWriteResults(fn);
  }
}
