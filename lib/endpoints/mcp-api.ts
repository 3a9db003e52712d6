/** The MCP endpoint: one resource of the gateway, streaming from one function. */
import { Duration } from 'aws-cdk-lib';
import { LambdaIntegration, ResponseTransferMode } from 'aws-cdk-lib/aws-apigateway';
import { Construct } from 'constructs';
import { longestCallMs, type OperationDefinition } from '../../lambdas/definition/operation-definition.ts';
import type { Catalogue } from '../catalogue.ts';
import { lambdaEntry } from '../defaults/lambda-entry.ts';
import { NodeFunction } from '../defaults/node-function.ts';
import type { JobsTable } from '../jobs/jobs-table.ts';
import type { WorkspaceBucket } from '../jobs/workspace-bucket.ts';
import type { OperationGrants } from '../operations/operation-grants.ts';
import type { Webhooks } from '../webhooks/webhooks.ts';
import type { Gateway } from './gateway.ts';

/** Beyond the longest wait that a caller may ask for: cold start, and the calls to AWS around the wait. */
const ANSWER_MS = 25_000;

export interface McpApiProps {
  readonly gateway: Gateway;
  readonly operations: readonly {
    readonly definition: OperationDefinition;
    readonly construct: OperationGrants;
  }[];
  /** Bundled into the function. */
  readonly catalogue: Catalogue;
  readonly jobsTable: JobsTable;
  readonly workspace: WorkspaceBucket;
  readonly webhooks: Webhooks;
}

export class McpApi extends Construct {
  /** `https://…/mcp` */
  readonly url: string;

  constructor(scope: Construct, id: string, props: McpApiProps) {
    super(scope, id);
    const { gateway, operations, catalogue, jobsTable, workspace, webhooks } = props;
    const longestWaitMs = Math.max(
      ...operations.map(({ definition }) => longestCallMs(definition.execution)),
    );
    const timeout = Duration.millis(longestWaitMs + ANSWER_MS);

    const mcpFunction = new NodeFunction(this, 'Function', {
      description: 'Serves MCP clients: starts, lists, checks and cancels jobs',
      entry: lambdaEntry('mcp/mcp.lambda'),
      timeout,
      // 1,769 MiB is one whole vCPU: cold starts are bound by compute, calls by DynamoDB.
      memorySize: 1_769,
      catalogue,
      alias: {
        '@modelcontextprotocol/server/_shims': lambdaEntry('mcp/sdk-shims'),
      },
    });
    jobsTable.grantSubmit(mcpFunction);
    workspace.grantLink(mcpFunction);
    workspace.grantLinkUpload(mcpFunction);
    webhooks.grantSubscribe(mcpFunction);
    for (const { construct } of operations) construct.grantRun(mcpFunction);

    const integration = new LambdaIntegration(mcpFunction, {
      responseTransferMode: ResponseTransferMode.STREAM,
      timeout,
      allowTestInvoke: false,
    });
    const resource = gateway.api.root.addResource('mcp');
    // Clients of 2025 try GET for a stream and DELETE for a session: the function answers that there are none.
    for (const method of ['POST', 'GET', 'DELETE']) resource.addMethod(method, integration);
    this.url = `${gateway.url}/mcp`;
  }
}
