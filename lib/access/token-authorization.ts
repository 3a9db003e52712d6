/** Access tokens as the way in: an authorizer in front of every method, and what tells clients where to get a token. */
import { Aws, Duration } from 'aws-cdk-lib';
import {
  IdentitySource,
  MockIntegration,
  PassthroughBehavior,
  RequestAuthorizer,
  ResponseType,
  type RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { scopes } from '../../lambdas/shared/caller.ts';
import { Env } from '../../lambdas/shared/env.ts';
import { lambdaEntry } from '../defaults/lambda-entry.ts';
import { NodeFunction } from '../defaults/node-function.ts';
import { PUBLIC } from './public-method.ts';

/**
 * How long the gateway remembers a token. A token that expires meanwhile is still taken: no longer than clocks are
 * commonly allowed to differ.
 */
const REMEMBERED = Duration.seconds(60);

export interface TokenAuthorizationProps {
  readonly issuer: string;
  /** @default the URL of the MCP endpoint, or that of the API */
  readonly audience?: string;
  /** Clients whose tokens may have no audience. @default none */
  readonly clientIds?: readonly string[];
  /** In front of each scope in tokens. @default '' */
  readonly scopePrefix?: string;
  /** @default every user is an owner */
  readonly tenantClaim?: string;
  /**
   * What is told of the identity provider in its place (RFC 8414), by the issuer that this says it is.
   * @default the provider tells it itself
   */
  readonly authorizationServer?: (issuer: string) => object;
}

export class TokenAuthorization extends Construct {
  /** For the methods of the API. */
  readonly authorizer: RequestAuthorizer;
  readonly #function: LambdaFunction;
  readonly #props: TokenAuthorizationProps;

  constructor(scope: Construct, id: string, props: TokenAuthorizationProps) {
    super(scope, id);
    this.#props = props;
    this.#function = new NodeFunction(this, 'Function', {
      description: 'Verifies access tokens',
      entry: lambdaEntry('auth/authorize.lambda'),
      // Two documents and the keys, five seconds each.
      timeout: Duration.seconds(20),
    });
    this.authorizer = new RequestAuthorizer(this, 'Authorizer', {
      handler: this.#function,
      identitySources: [IdentitySource.header('Authorization')],
      resultsCacheTtl: REMEMBERED,
    });
  }

  /**
   * Says what tokens have to be for, and answers who comes without one.
   * @param url of the API's stage, without a slash at its end; not by way of the stage, which depends on all this
   */
  protect(api: RestApi, url: string): void {
    const { issuer, audience, clientIds = [], scopePrefix = '', tenantClaim = '' } = this.#props;
    const { authorizationServer } = this.#props;
    const resource = `${url}/mcp`;
    const variables = {
      [Env.issuer]: issuer,
      [Env.audiences]: audience ?? `${resource} ${url}/ ${url}`,
      [Env.clientIds]: clientIds.join(' '),
      [Env.scopePrefix]: scopePrefix,
      [Env.tenantClaim]: tenantClaim,
    };
    for (const [name, value] of Object.entries(variables)) this.#function.addEnvironment(name, value);
    const offered = scopes.map((each) => `${scopePrefix}${each}`);
    addDocument(api, RESOURCE_PATHS, {
      resource,
      authorization_servers: [authorizationServer ? url : issuer],
      scopes_supported: offered,
      bearer_methods_supported: ['header'],
    });
    if (authorizationServer) {
      addDocument(api, SERVER_PATHS, { ...authorizationServer(url), scopes_supported: offered });
    }
    addAnswers(api, {
      scope: offered.join(' '),
      resource_metadata: `${url}/.well-known/oauth-protected-resource/mcp`,
    });
  }
}

/** RFC 9728, section 3: at the root, and where the path of the resource comes after it. */
const RESOURCE_PATHS = ['/.well-known/oauth-protected-resource', '/.well-known/oauth-protected-resource/mcp'];

/**
 * RFC 8414, and OpenID Connect Discovery: for an issuer with a path, such as a stage, clients look for the latter behind
 * that path, where it is ours to give.
 */
const SERVER_PATHS = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'];

function addDocument(api: RestApi, paths: readonly string[], document: object): void {
  const integration = new MockIntegration({
    passthroughBehavior: PassthroughBehavior.NEVER,
    requestTemplates: { 'application/json': '{"statusCode":200}' },
    integrationResponses: [
      {
        statusCode: '200',
        responseParameters: { 'method.response.header.Cache-Control': "'public, max-age=300'" },
        responseTemplates: { 'application/json': JSON.stringify(document) },
      },
    ],
  });
  for (const path of paths) {
    api.root.resourceForPath(path).addMethod('GET', integration, {
      ...PUBLIC,
      methodResponses: [
        { statusCode: '200', responseParameters: { 'method.response.header.Cache-Control': true } },
      ],
    });
  }
}

/** RFC 6750, section 3: the gateway's own answers tell a client what to ask for, and where. */
function addAnswers(
  api: RestApi,
  challenge: { readonly scope: string; readonly resource_metadata: string },
): void {
  const { scope, resource_metadata } = challenge;
  const where = `scope="${scope}", resource_metadata="${resource_metadata}"`;
  const answer = (
    type: ResponseType,
    statusCode: string | undefined,
    error: { readonly code: string; readonly message: string; readonly retryable: boolean },
    authenticate?: string,
  ) => {
    api.addGatewayResponse(type.responseType, {
      type,
      statusCode,
      responseHeaders: authenticate === undefined ? {} : { 'WWW-Authenticate': `'${authenticate}'` },
      templates: { 'application/json': JSON.stringify({ error }) },
    });
  };
  answer(
    ResponseType.UNAUTHORIZED,
    '401',
    {
      code: 'UNAUTHORIZED',
      message:
        'There is no access token, or not one for this API. Authorize, and send it as Authorization: Bearer.',
      retryable: false,
    },
    `Bearer ${where}`,
  );
  answer(
    ResponseType.ACCESS_DENIED,
    '403',
    {
      code: 'FORBIDDEN',
      message: 'The access token has none of the scopes of this API. Authorize again and ask for them.',
      retryable: false,
    },
    `Bearer error="insufficient_scope", ${where}`,
  );
  const unavailable = {
    code: 'AUTHORIZATION_UNAVAILABLE',
    message: 'The access token could not be verified. Try again; if it goes on, tell the operator.',
    retryable: true,
  };
  answer(ResponseType.AUTHORIZER_FAILURE, '503', unavailable);
  answer(ResponseType.AUTHORIZER_CONFIGURATION_ERROR, '503', unavailable);
  // API Gateway takes a token that is sent to a path of nobody's for a broken signature, and would repeat it.
  answer(ResponseType.DEFAULT_4XX, undefined, {
    code: 'REQUEST_REFUSED',
    message: 'The gateway cannot take this request. Check its path, method and size; after 429 wait.',
    retryable: false,
  });
  // No path lacks a token here. Clients look for metadata at several, and give up at a 403.
  answer(ResponseType.MISSING_AUTHENTICATION_TOKEN, '404', {
    code: 'NOT_FOUND',
    message: 'There is no such path or method.',
    retryable: false,
  });
}

/** Of a stage, spelled out: what the stage depends on cannot refer to it. */
export function stageUrl(api: RestApi, stageName: string): string {
  return `https://${api.restApiId}.execute-api.${Aws.REGION}.${Aws.URL_SUFFIX}/${stageName}`;
}
