/** Creates the management API: HTTP routes for jobs, webhook endpoints and deliveries, beside the MCP endpoint. */
import { Duration, Stack } from 'aws-cdk-lib';
import { LambdaIntegration } from 'aws-cdk-lib/aws-apigateway';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { OPEN_RESOURCES, routes } from '../../lambdas/api/routes.ts';
import { Env } from '../../lambdas/shared/env.ts';
import { PUBLIC } from '../access/public-method.ts';
import type { Catalogue } from '../catalogue.ts';
import type { DeadLetterQueue } from '../defaults/dead-letter-queue.ts';
import { lambdaEntry } from '../defaults/lambda-entry.ts';
import { NodeFunction } from '../defaults/node-function.ts';
import type { ExecutionQueue } from '../jobs/execution-queue.ts';
import type { JobsTable } from '../jobs/jobs-table.ts';
import type { Reconciler } from '../jobs/reconciler.ts';
import type { SlotsTable } from '../jobs/slots-table.ts';
import type { WorkspaceBucket } from '../jobs/workspace-bucket.ts';
import type { OperationGrants } from '../operations/operation-grants.ts';
import type { OperationNames } from '../operations/operation-names.ts';
import type { Webhooks } from '../webhooks/webhooks.ts';
import type { Gateway } from './gateway.ts';
import { addIdentity, cardOf, type ServerOptions } from './server-options.ts';

/** API Gateway's timeout for a response that is not streamed. */
const TIMEOUT = Duration.seconds(29);

export interface ManagementApiProps {
  readonly gateway: Gateway;
  readonly operations: readonly OperationGrants[];
  /** The function bundles it. */
  readonly catalogue: Catalogue;
  readonly jobsTable: JobsTable;
  readonly workspace: WorkspaceBucket;
  readonly webhooks: Webhooks;
  readonly slots: SlotsTable;
  readonly names: OperationNames;
  readonly executionQueue: ExecutionQueue;
  readonly reconciler: Reconciler;
  readonly server: ServerOptions;
  /** Operators see the number of their messages. */
  readonly deadLetters: readonly DeadLetterQueue[];
}

/** The functions of the management API, for owners and for operators, and their routes on the gateway. */
export class ManagementApi extends Construct {
  constructor(scope: Construct, id: string, props: ManagementApiProps) {
    super(scope, id);
    const { gateway, operations, catalogue, jobsTable, workspace, webhooks, slots, names, executionQueue } =
      props;
    const apiFunction = new NodeFunction(this, 'Function', {
      description: 'Serves the management API: jobs, endpoints and deliveries',
      entry: lambdaEntry('api/api.lambda'),
      purpose: 'api',
      timeout: TIMEOUT,
      catalogue,
      page: 'console',
    });
    apiFunction.addEnvironment(Env.consoleSignIn, Stack.of(this).toJsonString(gateway.consoleSignIn));
    addIdentity(apiFunction, Env.serverCard, cardOf(props.server));
    jobsTable.grantSubmit(apiFunction);
    workspace.grantPresignDownload(apiFunction);
    workspace.grantPresignUpload(apiFunction);
    webhooks.grantManage(apiFunction);
    webhooks.grantSigningKeys(apiFunction);
    slots.grantTake(apiFunction);
    names.grantRun(apiFunction);
    names.grantRetry(apiFunction);
    executionQueue.grantQueue(apiFunction);
    for (const operation of operations) {
      operation.grantReadProgress(apiFunction);
      operation.grantStartStop(apiFunction);
    }

    const { root } = gateway.api;
    const integration = integrate(apiFunction);
    for (const { method, path, ...access } of routes) {
      if (!('isPublic' in access) || 'resource' in access) continue;
      root.resourceForPath(path).addMethod(method, integration, PUBLIC);
    }
    for (const path of OPEN_RESOURCES) root.resourceForPath(path).addMethod('ANY', integration, PUBLIC);
    // A stack has at most 500 resources, so each function has one resource for its paths. That of owners is at the root:
    // earlier versions have `/jobs/{job_id}`, and API Gateway refuses `/jobs/{proxy+}` beside it while it updates a stack.
    root.resourceForPath('/{proxy+}').addMethod('ANY', integration);
    root.resourceForPath('/operator/{proxy+}').addMethod('ANY', integrate(this.#operatorFunction(props)));
  }

  /** Creates the function that may read the jobs of all owners. The function of owners may not. */
  #operatorFunction(props: ManagementApiProps): LambdaFunction {
    const { gateway, operations, catalogue, jobsTable, webhooks, names, executionQueue, reconciler } = props;
    const fn = new NodeFunction(this, 'OperatorFunction', {
      description: 'Serves operators: jobs and deliveries of all owners, without their content',
      entry: lambdaEntry('api/operator/operator.lambda'),
      timeout: TIMEOUT,
      catalogue,
    });
    jobsTable.grantOperate(fn);
    webhooks.grantOperate(fn);
    names.grantStop(fn);
    executionQueue.grantQueue(fn);
    reconciler.grantReadFindings(fn);
    for (const operation of operations) operation.grantStop(fn);
    for (const { name, queue } of props.deadLetters) {
      // It looks at the messages that name deliveries. The others have the results of jobs.
      const look = name === 'deliveries' ? ['sqs:ReceiveMessage'] : [];
      const actions = ['sqs:GetQueueAttributes', ...look];
      Grant.addToPrincipal({ grantee: fn, actions, resourceArns: [queue.queueArn] });
    }
    const urls = props.deadLetters.map(({ name, queue }) => [name, queue.queueUrl]);
    fn.addEnvironment(Env.deadLetterQueues, JSON.stringify(Object.fromEntries(urls)));
    if (gateway.operators.length > 0) fn.addEnvironment(Env.operators, gateway.operators.join(' '));
    return fn;
  }
}

function integrate(fn: LambdaFunction): LambdaIntegration {
  return new LambdaIntegration(fn, {
    timeout: TIMEOUT,
    // One permission for all routes: a function's policy has room for about fifty.
    scopePermissionToMethod: false,
  });
}
