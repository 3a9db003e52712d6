/** One operation in the cloud: the function that runs its steps and the state machine that orders them. */
import { Duration, RemovalPolicy, Size } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import {
  longestRunMs,
  type OperationDefinition,
  STEP_WRAP_UP_MS,
} from '../lambdas/operations/define-operation.ts';
import { stateMachineArnEnv } from '../lambdas/shared/env.ts';
import type { JobsTable } from './jobs-table.ts';
import { NodeFunction, repositoryRoot } from './node-function.ts';
import { operationStates } from './operation-states.ts';
import type { WorkspaceBucket } from './workspace-bucket.ts';

/** Beyond the wrap-up: for the function's own cold start. */
const COLD_START_MS = 10_000;

export interface OperationProps {
  readonly definition: OperationDefinition;
  /** The folder that holds the operation's own: `<folder>/<operation-name>/steps.lambda.ts`. */
  readonly catalogueDirectory: string;
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
    const { definition, catalogueDirectory, jobsTable, workspace, failureRecorder } = props;
    const { name, title, resources = {}, steps } = definition;
    this.#name = name;

    const longestStepMs = Math.max(...Object.values(steps).map(({ timeoutMs }) => timeoutMs));
    const stepFunction = new NodeFunction(this, 'Function', {
      description: `Runs the steps of ${title}: ${Object.keys(steps).join(', ')}`,
      entry: `${catalogueDirectory}/${name.replaceAll('_', '-')}/steps.lambda.ts`,
      timeout: Duration.millis(longestStepMs + STEP_WRAP_UP_MS + COLD_START_MS),
      memorySize: resources.memoryMb ?? 512,
      ephemeralStorageSize: Size.mebibytes(resources.storageMb ?? 512),
      commandHooks: copyPackages(resources.packages ?? []),
    });
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

/** Copies npm packages whole into the bundle, for code that runs them as programs. */
function copyPackages(packages: readonly string[]) {
  const copy = (name: string, outputDirectory: string) =>
    `node -e "fs.cpSync('${repositoryRoot}node_modules/${name}', '${outputDirectory}/${name}', { recursive: true })"`;
  return {
    beforeBundling: () => [],
    beforeInstall: () => [],
    afterBundling: (_inputDirectory: string, outputDirectory: string) =>
      packages.map((name) => copy(name, outputDirectory)),
  };
}
