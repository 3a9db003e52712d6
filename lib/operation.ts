/** One operation in the cloud: the function that runs its steps and the state machine that orders them. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { longestRunMs, type OperationDefinition } from '../lambdas/operations/define-operation.ts';
import { stateMachineArnEnv } from '../lambdas/shared/env.ts';
import type { JobsTable } from './jobs-table.ts';
import { operationStates } from './operation-states.ts';
import { createStepFunction } from './step-function.ts';
import type { WorkspaceBucket } from './workspace-bucket.ts';

export interface OperationProps {
  readonly definition: OperationDefinition;
  /** The module that exports the catalogue, `operations`; each operation's folder is beside it. */
  readonly catalogue: string;
  readonly jobsTable: JobsTable;
  readonly workspace: WorkspaceBucket;
  /** Called by the states when a step could not record its own failure. */
  readonly failureRecorder: LambdaFunction;
}

export class Operation extends Construct {
  readonly stateMachine: StateMachine;
  readonly #name: string;

  constructor(scope: Construct, id: string, props: OperationProps) {
    super(scope, id);
    const { definition, catalogue, jobsTable, workspace, failureRecorder } = props;
    const { name, title } = definition;
    this.#name = name;

    const stepFunction = createStepFunction(this, { definition, catalogue });
    jobsTable.grantProgress(stepFunction);
    workspace.grantWork(stepFunction);

    this.stateMachine = new StateMachine(this, 'StateMachine', {
      comment: title,
      definitionBody: DefinitionBody.fromChainable(
        operationStates(this, { definition, stepFunction, failureRecorder }),
      ),
      timeout: Duration.millis(longestRunMs(definition)),
      tracingEnabled: true,
      logs: {
        level: LogLevel.ERROR,
        destination: new LogGroup(this, 'StateMachineLog', {
          retention: RetentionDays.ONE_MONTH,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
      },
    });
  }

  /** To start and stop this operation's executions. */
  grantRun(fn: LambdaFunction): void {
    this.stateMachine.grantStartExecution(fn);
    this.stateMachine.grantExecution(fn, 'states:StopExecution');
    fn.addEnvironment(stateMachineArnEnv(this.#name), this.stateMachine.stateMachineArn);
  }
}
