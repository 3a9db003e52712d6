/** API Gateway reaches a function, and an authorizer, only with their permission. */
import { afterEach, expect, test } from '@jest/globals';
import { guardGateway } from '../../../local/iam/gateway-guard.ts';
import { createInvokePermissions } from '../../../local/iam/invoke-permissions.ts';
import { type LoopbackServer, listenOnLoopback, sendJson } from '../../../local/shared/loopback-server.ts';
import { createResolver } from '../../../local/template/intrinsics.ts';

const uri = (name: string) =>
  `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:${name}/invocations`;
const source = (resource: string) => `arn:aws:execute-api:us-east-1:000000000000:${resource}`;

let server: LoopbackServer | undefined;
afterEach(() => server?.close());

/** The answer of GET /jobs/7, where the function `Api` and the authorizer `Guard` are invoked for these sources. */
async function get(sourceOfApi: string, sourceOfGuard: string) {
  const permission = (FunctionName: string, SourceArn: string) => ({
    Type: 'AWS::Lambda::Permission',
    Properties: {
      Action: 'lambda:InvokeFunction',
      FunctionName,
      Principal: 'apigateway.amazonaws.com',
      SourceArn,
    },
  });
  const template = {
    Resources: {
      Rest: { Type: 'AWS::ApiGateway::RestApi' },
      Stage: { Type: 'AWS::ApiGateway::Stage', Properties: { StageName: 'v1' } },
      Jobs: { Type: 'AWS::ApiGateway::Resource', Properties: { ParentId: 'RestRoot', PathPart: 'jobs' } },
      Job: { Type: 'AWS::ApiGateway::Resource', Properties: { ParentId: 'Jobs', PathPart: '{id}' } },
      Authorizer: { Type: 'AWS::ApiGateway::Authorizer', Properties: { AuthorizerUri: uri('Guard') } },
      Get: {
        Type: 'AWS::ApiGateway::Method',
        Properties: {
          HttpMethod: 'GET',
          ResourceId: 'Job',
          AuthorizationType: 'CUSTOM',
          AuthorizerId: { Ref: 'Authorizer' },
          Integration: { Type: 'AWS_PROXY', Uri: uri('Api') },
        },
      },
      OfApi: permission('Api', sourceOfApi),
      OfGuard: permission('Guard', sourceOfGuard),
    },
  };
  const addresses = { api: 'http://127.0.0.1:1', sqs: 'http://127.0.0.1:2' };
  const resolve = createResolver({ template, stackName: 'S', addresses });
  const mayInvoke = createInvokePermissions(template, resolve);
  const handler = guardGateway(template, resolve, mayInvoke, (_request, response) =>
    sendJson(response, 200, 'reached'),
  );
  server = await listenOnLoopback(handler);
  const answer = await fetch(`${server.url}/jobs/7?page=2`);
  return { status: answer.status, body: await answer.json() };
}

const JOB = source('Rest/v1/GET/jobs/*');
const GUARD = source('Rest/authorizers/Authorizer');

test('with both permissions the request goes through', async () => {
  expect(await get(JOB, GUARD)).toEqual({ status: 200, body: 'reached' });
});

test.each([
  source('Rest/v1/POST/jobs/*'),
  source('Rest/v1/GET/jobs'),
  source('Rest/v2/GET/jobs/*'),
  source('Other/v1/GET/jobs/*'),
])('a permission for %s is not one for GET /jobs/{id}', async (sourceOfApi) => {
  const body = { message: 'Internal server error' };
  expect(await get(sourceOfApi, GUARD)).toEqual({ status: 500, body });
});

test('without permission to ask the authorizer, nobody is let in', async () => {
  expect(await get(JOB, source('Rest/authorizers/Other'))).toEqual({ status: 500, body: { message: null } });
});
