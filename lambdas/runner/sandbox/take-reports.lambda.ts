/** Takes the reports of all sandboxes. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import { JobStore } from '../../jobs/job-store.ts';
import { signedFetch } from '../../shared/aws/signed-fetch.ts';
import { stepFunctionsCalls } from '../../shared/aws/step-functions-calls.ts';
import { Env, requiredEnv } from '../../shared/env.ts';
import { log } from '../../shared/observability/log.ts';
import { observe } from '../../shared/observability/observe.ts';
import { SecretVersions } from '../../webhooks/signing/secret-versions.ts';
import { WorkspaceLinks } from '../../workspace/workspace-links.ts';
import { AttemptSeal } from './attempt-state.ts';
import { endByRunner } from './end-by-runner.ts';
import { ReportCode } from './protocol.ts';
import { ReportOrder } from './report-order.ts';
import { createReportTaker, ReportRefused } from './take-report.ts';

/** For one call of Step Functions. */
const CALL_TIMEOUT_MS = 5_000;

const states = stepFunctionsCalls();
const secret = new SecretVersions(signedFetch('secretsmanager'), requiredEnv(Env.reportsSecretArn));
const take = createReportTaker({
  jobs: new JobStore({ client: new DynamoDBClient(), tableName: requiredEnv(Env.jobsTableName) }),
  files: new WorkspaceLinks(requiredEnv(Env.workspaceBucketName)),
  seal: new AttemptSeal(secret),
  order: new ReportOrder(),
  states: (action, input) => states(action, input, AbortSignal.timeout(CALL_TIMEOUT_MS)),
  end: endByRunner(signedFetch('lambda', { retries: 0 })),
});

export const handler = middy(
  async (
    { body, isBase64Encoded }: APIGatewayProxyEvent,
    { awsRequestId }: Context,
  ): Promise<APIGatewayProxyResult> => {
    try {
      const text = isBase64Encoded ? Buffer.from(body ?? '', 'base64').toString() : (body ?? '');
      return respond(200, await take(text, awsRequestId));
    } catch (error) {
      if (error instanceof ReportRefused) return refuse(error.status, error.code, error.message);
      log.error('A report failed', { error });
      return refuse(
        503,
        ReportCode.unavailable,
        'The report failed. Send the same report again in a second.',
      );
    }
  },
).use(observe());

function refuse(status: number, code: string, message: string): APIGatewayProxyResult {
  return respond(status, { error: { code, message, retryable: status === 503 } });
}

function respond(statusCode: number, body: object): APIGatewayProxyResult {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  return { statusCode, headers, body: JSON.stringify(body) };
}
