/** Records the status of external state machine executions, which do not update their jobs. */
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
  /** Without one, the construct creates no function and no rule. */
  readonly operations: readonly ExternalStateMachineOperation[];
  /** The function bundles it. */
  readonly catalogue: Catalogue;
}

/** A function that EventBridge invokes when an execution of an external Standard state machine changes its status. */
export class ExecutionRecorder extends Construct {
  constructor(scope: Construct, id: string, { jobsTable, operations, catalogue }: ExecutionRecorderProps) {
    super(scope, id);
    const standard = operations.filter(({ isStandard }) => isStandard);
    if (standard.length === 0) return;
    const recorder = new NodeFunction(this, 'Function', {
      description: 'Records the status of executions of external state machines',
      entry: lambdaEntry('executions/endings/record-execution.lambda'),
      purpose: 'recorder',
      catalogue,
    });
    jobsTable.grantProgress(recorder);
    for (const operation of standard) operation.grantRecordExecutions(recorder);
    // Two operations may share a state machine.
    const arns = new Set(standard.map(({ stateMachine }) => stateMachine.stateMachineArn));
    for (const [index, stateMachineArn] of chunksOf([...arns], ARNS_PER_RULE).entries()) {
      new Rule(this, index === 0 ? 'ExecutionChanged' : `ExecutionChanged${index + 1}`, {
        description: 'Status changes of executions of external state machines',
        eventPattern: {
          source: ['aws.states'],
          detailType: ['Step Functions Execution Status Change'],
          detail: { stateMachineArn },
        },
        targets: [new LambdaTarget(recorder)],
      });
    }
  }
}

/**
 * An event pattern has at most 2,048 characters, and this one has 114 without its ARNs. An ARN has at most 146 with the name of a
 * state machine (80), the longest region and the quotes.
 */
const ARNS_PER_RULE = 13;

function chunksOf<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}
