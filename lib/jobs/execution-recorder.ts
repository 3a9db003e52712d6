/** Hears how executions of the operator's own state machines are doing, which tell their jobs nothing themselves. */
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import type { Catalogue } from '../catalogue.ts';
import { lambdaEntry } from '../defaults/lambda-entry.ts';
import { NodeFunction } from '../defaults/node-function.ts';
import type { ExternalStateMachineOperation } from '../operations/external-state-machine-operation.ts';
import type { JobsTable } from './jobs-table.ts';

export interface ExecutionRecorderProps {
  readonly jobsTable: JobsTable;
  /** Without any there is nothing to hear: no function, no rule. */
  readonly operations: readonly ExternalStateMachineOperation[];
  /** Bundled into the function. */
  readonly catalogue: Catalogue;
}

export class ExecutionRecorder extends Construct {
  constructor(scope: Construct, id: string, { jobsTable, operations, catalogue }: ExecutionRecorderProps) {
    super(scope, id);
    const standard = operations.filter(({ isStandard }) => isStandard);
    if (standard.length === 0) return;
    const recorder = new NodeFunction(this, 'Function', {
      description: "Records how executions of the operator's own state machines are doing",
      entry: lambdaEntry('executions/endings/record-execution.lambda'),
      catalogue,
    });
    jobsTable.grantProgress(recorder);
    for (const operation of standard) operation.grantRecord(recorder);
    new Rule(this, 'ExecutionChanged', {
      description: "Executions of the operator's own state machines",
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        // Two operations may share a machine.
        detail: {
          stateMachineArn: [...new Set(standard.map(({ stateMachine }) => stateMachine.stateMachineArn))],
        },
      },
      targets: [new LambdaTarget(recorder)],
    });
  }
}
