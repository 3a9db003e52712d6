/** The management API: plain HTTP for what looks after jobs and webhooks, beside the MCP endpoint. */
import { Duration } from 'aws-cdk-lib';
import { LambdaIntegration } from 'aws-cdk-lib/aws-apigateway';
import { Construct } from 'constructs';
import { routes } from '../../lambdas/api/routes.ts';
import { PUBLIC } from '../access/public-method.ts';
import type { Catalogue } from '../catalogue.ts';
import { lambdaEntry } from '../defaults/lambda-entry.ts';
import { NodeFunction } from '../defaults/node-function.ts';
import type { JobsTable } from '../jobs/jobs-table.ts';
import type { WorkspaceBucket } from '../jobs/workspace-bucket.ts';
import type { OperationGrants } from '../operations/operation-grants.ts';
import type { Webhooks } from '../webhooks/webhooks.ts';
import type { Gateway } from './gateway.ts';

/** As long as the gateway waits for an answer that is not streamed. */
const TIMEOUT = Duration.seconds(29);

export interface ManagementApiProps {
  readonly gateway: Gateway;
  readonly operations: readonly OperationGrants[];
  /** Bundled into the function. */
  readonly catalogue: Catalogue;
  readonly jobsTable: JobsTable;
  readonly workspace: WorkspaceBucket;
  readonly webhooks: Webhooks;
}

export class ManagementApi extends Construct {
  constructor(scope: Construct, id: string, props: ManagementApiProps) {
    super(scope, id);
    const { gateway, operations, catalogue, jobsTable, workspace, webhooks } = props;
    const apiFunction = new NodeFunction(this, 'Function', {
      description: 'Serves the management API: jobs, endpoints and deliveries',
      entry: lambdaEntry('api/api.lambda'),
      timeout: TIMEOUT,
      catalogue,
    });
    jobsTable.grantAnswer(apiFunction);
    workspace.grantLink(apiFunction);
    workspace.grantLinkUpload(apiFunction);
    webhooks.grantManage(apiFunction);
    webhooks.grantSigningKeys(apiFunction);
    for (const operation of operations) operation.grantObserve(apiFunction);

    const integration = new LambdaIntegration(apiFunction, {
      timeout: TIMEOUT,
      // One permission for all: a function's policy has room for some fifty.
      scopePermissionToMethod: false,
    });
    for (const route of routes) {
      gateway.api.root
        .resourceForPath(route.path)
        .addMethod(route.method, integration, 'isPublic' in route ? PUBLIC : undefined);
    }
  }
}
