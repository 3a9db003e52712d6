/** The MCP endpoint's function: adapters built once a cold start, around the protocol. */

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import middy from '@middy/core';
import { executionModeStreamifyResponse } from '@middy/core/StreamifyResponse';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { operations } from '#catalogue';
import { Executions } from '../jobs/executions.ts';
import { JobStore } from '../jobs/job-store.ts';
import { Env, requiredEnv } from '../shared/env.ts';
import { ownerOf, toRequest, toStreamedAnswer } from './api-gateway.ts';
import { createEndpoint } from './endpoint.ts';
import { createTools } from './tools/index.ts';
import { WorkspaceLinks } from './workspace-links.ts';

const endpoint = createEndpoint(
  createTools({
    operations,
    jobs: new JobStore({ client: new DynamoDBClient(), tableName: requiredEnv(Env.jobsTableName) }),
    executions: new Executions(new SFNClient()),
    workspace: new WorkspaceLinks(new S3Client(), requiredEnv(Env.workspaceBucketName)),
  }),
);

export const handler = middy(
  async (event: APIGatewayProxyEvent) => {
    const owner = ownerOf(event);
    const request = toRequest(event);
    if (!owner) return refuse(401, 'The gateway named no caller.');
    if (!request) return refuse(400, 'This is no request that can be answered.');
    return toStreamedAnswer(await endpoint(request, owner));
  },
  { executionMode: executionModeStreamifyResponse },
);

function refuse(status: number, message: string) {
  return toStreamedAnswer(Response.json({ message }, { status }));
}
