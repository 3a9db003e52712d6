/** Creates the MCP endpoint: the resource `/mcp` of the gateway, and one function that streams its responses. */
import { Duration } from 'aws-cdk-lib';
// A namespace, so that an older CDK without these names fails in `check-peers.ts` and not while modules are linked.
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { LambdaIntegration } from 'aws-cdk-lib/aws-apigateway';
import { Construct } from 'constructs';
import { longestCallMs, type OperationDefinition } from '../../lambdas/definition/operation-definition.ts';
import { Env } from '../../lambdas/shared/env.ts';
import { MCP_MB } from '../../lambdas/shared/function-memory.ts';
import { authorizationExtensions } from '../access/authorization.ts';
import type { Catalogue } from '../catalogue.ts';
import { lambdaEntry } from '../defaults/lambda-entry.ts';
import { NodeFunction } from '../defaults/node-function.ts';
import { hasAdotLayer } from '../defaults/tracing.ts';
import type { ExecutionQueue } from '../jobs/execution-queue.ts';
import type { JobsTable } from '../jobs/jobs-table.ts';
import type { SlotsTable } from '../jobs/slots-table.ts';
import type { WorkspaceBucket } from '../jobs/workspace-bucket.ts';
import type { OperationGrants } from '../operations/operation-grants.ts';
import type { OperationNames } from '../operations/operation-names.ts';
import type { Webhooks } from '../webhooks/webhooks.ts';
import type { Gateway } from './gateway.ts';
import { addIdentity, identityOf, type ServerOptions } from './server-options.ts';

/** MiB for the layer of ADOT and its spans. */
const ADOT_MB = 168;

/** Time beyond the longest wait that a caller may request: cold start, and the calls to AWS around the wait. */
const RESPONSE_MS = 25_000;

export interface McpApiProps {
  readonly gateway: Gateway;
  readonly names: OperationNames;
  readonly operations: readonly {
    readonly definition: OperationDefinition;
    readonly construct: OperationGrants;
  }[];
  /** The function bundles it. */
  readonly catalogue: Catalogue;
  readonly jobsTable: JobsTable;
  readonly executionQueue: ExecutionQueue;
  readonly workspace: WorkspaceBucket;
  readonly webhooks: Webhooks;
  readonly slots: SlotsTable;
  readonly server: ServerOptions;
}

/** The MCP endpoint and its function. */
export class McpApi extends Construct {
  /** URL of the endpoint: `https://…/mcp`. */
  readonly url: string;

  constructor(scope: Construct, id: string, props: McpApiProps) {
    super(scope, id);
    const { gateway, names, operations, catalogue, jobsTable, executionQueue, workspace, webhooks, slots } =
      props;
    const longestWaitMs = Math.max(
      ...operations.map(({ definition }) => longestCallMs(definition.execution)),
    );
    const timeout = Duration.millis(longestWaitMs + RESPONSE_MS);

    const mcpFunction = new NodeFunction(this, 'Function', {
      description: 'Serves MCP clients: starts, lists, checks and cancels jobs',
      entry: lambdaEntry('mcp/mcp.lambda'),
      purpose: 'mcp',
      timeout,
      memorySize: hasAdotLayer(this) ? MCP_MB + ADOT_MB : MCP_MB,
      catalogue,
      page: 'card',
      alias: {
        '@modelcontextprotocol/server/_shims': lambdaEntry('mcp/sdk-shims'),
      },
    });
    addIdentity(mcpFunction, Env.serverIdentity, identityOf(props.server));
    const extensions = authorizationExtensions(gateway.authorization);
    if (extensions.length > 0) {
      mcpFunction.addEnvironment(Env.authorizationExtensions, extensions.join(' '));
    }
    jobsTable.grantSubmit(mcpFunction);
    executionQueue.grantQueue(mcpFunction);
    workspace.grantPresignDownload(mcpFunction);
    workspace.grantPresignUpload(mcpFunction);
    webhooks.grantSubscribe(mcpFunction);
    slots.grantTake(mcpFunction);
    names.grantRun(mcpFunction);
    names.grantRetry(mcpFunction);
    for (const { construct } of operations) construct.grantRun(mcpFunction);

    const integration = new LambdaIntegration(mcpFunction, {
      responseTransferMode: apigateway.ResponseTransferMode.STREAM,
      timeout,
      // One permission for all methods.
      scopePermissionToMethod: false,
    });
    const resource = gateway.api.root.addResource('mcp');
    // Clients of 2025 try GET for a stream and DELETE for a session: the function responds that it has neither. Gemini CLI sends HEAD to
    // read the challenge of the 401. Without a method, API Gateway would refuse it before the authorizer. The function responds 405.
    for (const method of ['POST', 'GET', 'DELETE', 'HEAD']) resource.addMethod(method, integration);
    this.url = `${gateway.url}/mcp`;
  }
}
