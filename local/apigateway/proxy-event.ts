/** Creates the event that API Gateway sends to a Lambda proxy integration (REST API, version 1.0). */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { ACCOUNT } from '../shared/aws-names.ts';
import type { Match } from './api-routes.ts';
import type { UserOf } from './user-of.ts';

export function proxyEvent(
  request: IncomingMessage,
  url: URL,
  match: Match,
  body: Buffer,
  userOf: UserOf,
): APIGatewayProxyEvent {
  const { method = 'GET', rawHeaders } = request;
  const iam = match.method.authorization === 'AWS_IAM';
  const pairs = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ''] as const] : [],
  );
  // With IAM authorization, the header does not reach the function.
  const headers = grouped(pairs.filter(([name]) => !(iam && name.toLowerCase() === 'authorization')));
  const query = grouped(url.searchParams);
  return {
    resource: match.path,
    path: url.pathname,
    httpMethod: method,
    headers: last(headers),
    multiValueHeaders: headers,
    queryStringParameters: url.search ? last(query) : null,
    multiValueQueryStringParameters: url.search ? query : null,
    pathParameters: match.pathParameters,
    stageVariables: null,
    requestContext: {
      accountId: ACCOUNT,
      apiId: 'local',
      authorizer: null,
      domainName: request.headers.host,
      httpMethod: method,
      identity: {
        ...EMPTY_IDENTITY,
        ...(iam && caller(request.headers.authorization, userOf)),
        sourceIp: '127.0.0.1',
        userAgent: request.headers['user-agent'] ?? null,
      },
      path: url.pathname,
      protocol: 'HTTP/1.1',
      requestId: randomUUID(),
      requestTimeEpoch: Date.now(),
      resourceId: 'local',
      resourcePath: match.path,
      stage: 'local',
    },
    body: body.length > 0 ? body.toString() : null,
    isBase64Encoded: false,
  };
}

const EMPTY_IDENTITY: APIGatewayProxyEvent['requestContext']['identity'] = {
  accessKey: null,
  accountId: null,
  apiKey: null,
  apiKeyId: null,
  caller: null,
  clientCert: null,
  cognitoAuthenticationProvider: null,
  cognitoAuthenticationType: null,
  cognitoIdentityId: null,
  cognitoIdentityPoolId: null,
  principalOrgId: null,
  sourceIp: '',
  user: null,
  userAgent: null,
  userArn: null,
};

/** Returns the identity of the caller. */
function caller(authorization = '', userOf: UserOf) {
  const [, accessKey] = /^AWS4-HMAC-SHA256\s+Credential=([\w.+@-]+)\//.exec(authorization) ?? [];
  const user = userOf(accessKey);
  return {
    accessKey: accessKey ?? null,
    accountId: ACCOUNT,
    user,
    userArn: `arn:aws:iam::${ACCOUNT}:user/${user}`,
  };
}

function grouped(pairs: Iterable<readonly [string, string]>): Record<string, string[]> {
  // A Map, because a client may choose the name `constructor`.
  const groups = Map.groupBy(pairs, ([name]) => name);
  return Object.fromEntries([...groups].map(([name, group]) => [name, group.map(([, value]) => value)]));
}

function last(groups: Record<string, string[]>): Record<string, string> {
  return Object.fromEntries(Object.entries(groups).map(([name, values]) => [name, values.at(-1) ?? '']));
}
