/** One operation in the cloud whose state machine exists already: the right to run it, and nothing made or changed. */
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { type IStateMachine, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { StateMachineOperation } from '../../lambdas/definition/operation-definition.ts';
import { stateMachineArnEnv } from '../../lambdas/shared/env.ts';
import type { WorkspaceBucket } from '../jobs/workspace-bucket.ts';
import { operatorMachineArn } from './external-state-machines.ts';
import type { OperationGrants } from './operation-grants.ts';

export interface ExternalStateMachineOperationProps {
  readonly definition: StateMachineOperation;
  /** What the operator has mapped the operation to: an ARN or a name. @default what the definition says */
  readonly arnOrName?: string;
  readonly workspace: WorkspaceBucket;
}

export class ExternalStateMachineOperation extends Construct implements OperationGrants {
  readonly stateMachine: IStateMachine;
  /** A Standard machine's executions are jobs, and tell of themselves. */
  readonly isStandard: boolean;
  readonly #name: string;
  readonly #workspace: WorkspaceBucket;

  constructor(
    scope: Construct,
    id: string,
    { definition, arnOrName, workspace }: ExternalStateMachineOperationProps,
  ) {
    super(scope, id);
    this.#name = definition.name;
    this.#workspace = workspace;
    this.isStandard = definition.execution.mode === 'job';
    this.stateMachine = StateMachine.fromStateMachineArn(
      this,
      'StateMachine',
      operatorMachineArn(this, definition, arnOrName),
    );
  }

  grantRun(fn: LambdaFunction): void {
    this.#tell(fn);
    if (!this.isStandard) {
      this.stateMachine.grantStartSyncExecution(fn);
      return;
    }
    this.stateMachine.grantStartExecution(fn);
    this.stateMachine.grantExecution(fn, 'states:StopExecution');
    this.grantObserve(fn);
  }

  grantReconcile(fn: LambdaFunction): void {
    if (!this.isStandard) return;
    this.stateMachine.grantStartExecution(fn);
    this.grantRecord(fn);
  }

  /** It asks nobody. */
  grantResume(): void {}

  grantObserve(fn: LambdaFunction): void {
    if (!this.isStandard) return;
    this.#tell(fn);
    this.stateMachine.grantExecution(
      fn,
      'states:GetExecutionHistory',
      'states:DescribeStateMachineForExecution',
    );
  }

  /** To record what became of its executions, and to stop those whose job was over before they began. */
  grantRecord(fn: LambdaFunction): void {
    this.stateMachine.grantExecution(fn, 'states:DescribeExecution', 'states:StopExecution');
    this.grantObserve(fn);
    this.#workspace.grantResults(fn);
  }

  #tell(fn: LambdaFunction): void {
    fn.addEnvironment(stateMachineArnEnv(this.#name), this.stateMachine.stateMachineArn);
  }
}
