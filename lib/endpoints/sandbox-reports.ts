/** Creates the route to which sandboxes post their reports, its function, and the secret that seals the tokens of reports. */
import { Duration } from 'aws-cdk-lib';
import { type CfnStage, LambdaIntegration } from 'aws-cdk-lib/aws-apigateway';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { Env } from '../../lambdas/shared/env.ts';
import { PUBLIC } from '../access/public-method.ts';
import { CompactRole } from '../defaults/compact-role.ts';
import { lambdaEntry } from '../defaults/lambda-entry.ts';
import { NodeFunction } from '../defaults/node-function.ts';
import type { JobsTable } from '../jobs/jobs-table.ts';
import type { WorkspaceBucket } from '../jobs/workspace-bucket.ts';
import type { OperationNames } from '../operations/operation-names.ts';
import type { Gateway } from './gateway.ts';
import { REPORTS_PATH } from './reports-path.ts';

/** API Gateway's timeout for a response that is not streamed. */
const TIMEOUT = Duration.seconds(29);

export interface SandboxReportsProps {
  readonly names: OperationNames;
  readonly jobsTable: JobsTable;
  readonly workspace: WorkspaceBucket;
}

/** Takes the reports of all sandboxes. */
export class SandboxReports extends Construct {
  readonly #function: NodeFunction;
  readonly #secret: Secret;
  readonly #names: OperationNames;
  /** By operation. */
  readonly #runners = new Map<string, LambdaFunction>();

  constructor(scope: Construct, id: string, { names, jobsTable, workspace }: SandboxReportsProps) {
    super(scope, id);
    this.#names = names;
    // A secret of its own: runners read it, and may not open the secrets of webhooks.
    this.#secret = new Secret(this, 'Secret', {
      description: 'The key that seals the tokens of sandboxes is derived from this text',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
    });
    this.#function = new NodeFunction(this, 'Function', {
      description: 'Takes the reports of sandboxes: progress, logs and results',
      entry: lambdaEntry('runner/sandbox/take-reports.lambda'),
      role: new CompactRole(this, 'Role', 'lambda.amazonaws.com'),
      timeout: TIMEOUT,
      purpose: 'reports',
    });
    jobsTable.grantProgress(this.#function);
    workspace.grantWriteLogs(this.#function);
    this.#grantSecret(this.#function);
  }

  /** Allows the runner of an operation to make the tokens of its sandbox. */
  grantStart(operation: string, runner: LambdaFunction): void {
    this.#grantSecret(runner);
    this.#runners.set(operation, runner);
  }

  /** Adds the route for the operations so far, and gives its URL to the runners. */
  serve({ api, addressWithoutStage, throttling }: Gateway): void {
    const integration = new LambdaIntegration(this.#function, {
      timeout: TIMEOUT,
      scopePermissionToMethod: false,
    });
    api.root.resourceForPath(REPORTS_PATH).addMethod('POST', integration, PUBLIC);
    // What runs in sandboxes cannot use up the rate of the other routes.
    const { requestsPerSecond, burst } = throttling;
    (api.deploymentStage.node.defaultChild as CfnStage).addPropertyOverride('MethodSettings.1', {
      HttpMethod: 'POST',
      ResourcePath: REPORTS_PATH.replace('/', '/~1'),
      ThrottlingRateLimit: Math.ceil(requestsPerSecond / 2),
      ThrottlingBurstLimit: Math.ceil(burst / 2),
    });
    this.#names.grantReport(this.#function, [...this.#runners.keys()]);
    for (const runner of this.#runners.values()) {
      runner.addEnvironment(Env.reportsUrl, `${addressWithoutStage}${REPORTS_PATH}`);
    }
  }

  #grantSecret(fn: LambdaFunction): void {
    this.#secret.grantRead(fn);
    fn.addEnvironment(Env.reportsSecretArn, this.#secret.secretArn);
  }
}
