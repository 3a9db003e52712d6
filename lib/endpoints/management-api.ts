/** Creates the management API: HTTP routes for jobs, webhook endpoints and deliveries, beside the MCP endpoint. */
import { Duration, Stack } from 'aws-cdk-lib';
import { LambdaIntegration } from 'aws-cdk-lib/aws-apigateway';
import { Construct } from 'constructs';
import { routes } from '../../lambdas/api/routes.ts';
import { Env } from '../../lambdas/shared/env.ts';
import { PUBLIC } from '../access/public-method.ts';
import type { Catalogue } from '../catalogue.ts';
import { lambdaEntry } from '../defaults/lambda-entry.ts';
import { NodeFunction } from '../defaults/node-function.ts';
import type { JobsTable } from '../jobs/jobs-table.ts';
import type { SlotsTable } from '../jobs/slots-table.ts';
import type { WorkspaceBucket } from '../jobs/workspace-bucket.ts';
import type { OperationGrants } from '../operations/operation-grants.ts';
import type { Webhooks } from '../webhooks/webhooks.ts';
import type { Gateway } from './gateway.ts';

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
}

/** The function of the management API, and its routes on the gateway. */
export class ManagementApi extends Construct {
  constructor(scope: Construct, id: string, props: ManagementApiProps) {
    super(scope, id);
    const { gateway, operations, catalogue, jobsTable, workspace, webhooks, slots } = props;
    const apiFunction = new NodeFunction(this, 'Function', {
      description: 'Serves the management API: jobs, endpoints and deliveries',
      entry: lambdaEntry('api/api.lambda'),
      purpose: 'api',
      timeout: TIMEOUT,
      catalogue,
      page: 'console',
    });
    apiFunction.addEnvironment(Env.consoleSignIn, Stack.of(this).toJsonString(gateway.consoleSignIn));
    jobsTable.grantAnswer(apiFunction);
    workspace.grantPresignDownload(apiFunction);
    workspace.grantPresignUpload(apiFunction);
    webhooks.grantManage(apiFunction);
    webhooks.grantSigningKeys(apiFunction);
    slots.grantTake(apiFunction);
    for (const operation of operations) operation.grantReadProgress(apiFunction);

    const integration = new LambdaIntegration(apiFunction, {
      timeout: TIMEOUT,
      // One permission for all routes: a function's policy has room for about fifty.
      scopePermissionToMethod: false,
    });
    for (const route of routes) {
      gateway.api.root
        .resourceForPath(route.path)
        .addMethod(route.method, integration, 'isPublic' in route ? PUBLIC : undefined);
    }
  }
}
