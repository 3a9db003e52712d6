/** Adds a token authorizer to every API method, and publishes the metadata that tells clients where to get a token. */
import { Aws, Duration, Lazy } from 'aws-cdk-lib';
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
import { UNKNOWN_ROUTE } from '../../lambdas/api/routes.ts';
import { scopes } from '../../lambdas/shared/caller.ts';
import { Env } from '../../lambdas/shared/env.ts';
import { CompactRole } from '../defaults/compact-role.ts';
import { lambdaEntry } from '../defaults/lambda-entry.ts';
import { NodeFunction } from '../defaults/node-function.ts';
import { addGatewayResponse } from './gateway-responses.ts';
import { PUBLIC } from './public-method.ts';

/**
 * How long the gateway caches an authorizer result. A token that expires meanwhile is still accepted. One minute is the
 * usual tolerance for clock differences.
 */
const AUTHORIZER_CACHE_TTL = Duration.seconds(60);

/** Name of the group of operators. */
export const OPERATORS = 'operators';

export interface TokenAuthorizationProps {
  /** Issuer URL, exactly as in tokens. */
  readonly issuer: string;
  /** Expected `aud` claim. @default the URL of the MCP endpoint, or of the API */
  readonly audience?: string;
  /** Ids of clients whose tokens may omit the audience. @default none */
  readonly clientIds?: readonly string[];
  /** Prefix of each scope in tokens. @default '' */
  readonly scopePrefix?: string;
  /** Claim whose value is the owner. @default each user is an owner */
  readonly tenantClaim?: string;
  /** Claim that the scope `jobs:operate` needs besides itself. @default nobody has the scope */
  readonly operatorClaim?: string;
  /** Value of that claim, or one of its values. @default operators */
  readonly operatorValue?: string;
  /**
   * Returns authorization server metadata (RFC 8414) for an issuer. This API publishes it on behalf of the provider.
   * @default clients read the metadata from the provider
   */
  readonly authorizationServer?: (issuer: string) => object;
}

/** The token authorizer of the API, with its metadata documents and error responses. */
export class TokenAuthorization extends Construct {
  /** Authorizer for the methods of the API. */
  readonly authorizer: RequestAuthorizer;
  readonly #function: LambdaFunction;
  readonly #props: TokenAuthorizationProps;

  constructor(scope: Construct, id: string, props: TokenAuthorizationProps) {
    super(scope, id);
    this.#props = props;
    this.#function = new NodeFunction(this, 'Function', {
      description: 'Verifies access tokens',
      entry: lambdaEntry('auth/authorize.lambda'),
      role: new CompactRole(this, 'FunctionRole', 'lambda.amazonaws.com'),
      purpose: 'authorizer',
      // Two metadata documents and the signing keys, five seconds each.
      timeout: Duration.seconds(20),
    });
    this.authorizer = new RequestAuthorizer(this, 'Authorizer', {
      handler: this.#function,
      identitySources: [IdentitySource.header('Authorization')],
      resultsCacheTtl: AUTHORIZER_CACHE_TTL,
    });
  }

  /**
   * Configures the expected audience, and adds the metadata documents and the error responses to the API.
   * @param url of the API's stage, without a trailing slash. Do not derive it from the stage, which depends on these methods
   */
  protect(api: RestApi, url: string): void {
    const { issuer, audience, clientIds = [], scopePrefix = '', tenantClaim = '' } = this.#props;
    const { authorizationServer, operatorClaim, operatorValue = OPERATORS } = this.#props;
    const resource = `${url}/mcp`;
    const variables = {
      [Env.issuer]: issuer,
      [Env.audiences]: audience ?? `${resource} ${url}/ ${url}`,
      // At synthesis: the canary adds a client.
      [Env.clientIds]: Lazy.string({ produce: () => clientIds.join(' ') }),
      [Env.scopePrefix]: scopePrefix,
      [Env.tenantClaim]: tenantClaim,
      ...(operatorClaim && { [Env.operatorClaim]: operatorClaim, [Env.operatorValue]: operatorValue }),
    };
    for (const [name, value] of Object.entries(variables)) this.#function.addEnvironment(name, value);
    const supportedScopes = scopes.map((each) => `${scopePrefix}${each}`);
    addDocument(api, RESOURCE_PATHS, {
      resource,
      authorization_servers: [authorizationServer ? url : issuer],
      scopes_supported: supportedScopes,
      bearer_methods_supported: ['header'],
    });
    if (authorizationServer) {
      addDocument(api, SERVER_PATHS, { ...authorizationServer(url), scopes_supported: supportedScopes });
    }
    addErrorResponses(api, {
      scope: supportedScopes.join(' '),
      resource_metadata: `${url}/.well-known/oauth-protected-resource/mcp`,
    });
  }
}

/** RFC 9728, section 3: at the root, and followed by the path of the resource. */
const RESOURCE_PATHS = ['/.well-known/oauth-protected-resource', '/.well-known/oauth-protected-resource/mcp'];

/**
 * RFC 8414, and OpenID Connect Discovery. If the issuer has a path, such as a stage, clients append the latter to that path.
 * This API can serve it there.
 */
const SERVER_PATHS = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'];

function addDocument(api: RestApi, paths: readonly string[], document: object): void {
  const cacheControl = 'method.response.header.Cache-Control';
  const integration = mock('200', document, { [cacheControl]: "'public, max-age=300'" });
  for (const path of paths) {
    api.root.resourceForPath(path).addMethod('GET', integration, {
      ...PUBLIC,
      methodResponses: [{ statusCode: '200', responseParameters: { [cacheControl]: true } }],
    });
  }
}

function mock(
  statusCode: string,
  body: object,
  responseParameters?: Readonly<Record<string, string>>,
): MockIntegration {
  return new MockIntegration({
    passthroughBehavior: PassthroughBehavior.NEVER,
    requestTemplates: { 'application/json': `{"statusCode":${statusCode}}` },
    integrationResponses: [
      {
        statusCode,
        responseParameters,
        responseTemplates: { 'application/json': JSON.stringify(body) },
      },
    ],
  });
}

/** RFC 6750, section 3: the gateway's error responses tell clients which scopes to request, and where. */
function addErrorResponses(
  api: RestApi,
  challenge: { readonly scope: string; readonly resource_metadata: string },
): void {
  const { scope, resource_metadata } = challenge;
  const challengeParameters = `scope="${scope}", resource_metadata="${resource_metadata}"`;
  addGatewayResponse(
    api,
    ResponseType.UNAUTHORIZED,
    {
      code: 'UNAUTHORIZED',
      message:
        'The request has no valid access token for this API. Authorize, and send the token as Authorization: Bearer.',
      retryable: false,
    },
    { statusCode: '401', authenticate: `Bearer ${challengeParameters}` },
  );
  addGatewayResponse(
    api,
    ResponseType.ACCESS_DENIED,
    {
      code: 'FORBIDDEN',
      message: 'The access token has none of the scopes of this API. Authorize again and request them.',
      retryable: false,
    },
    {
      statusCode: '403',
      authenticate: `Bearer error="insufficient_scope", ${challengeParameters}`,
    },
  );
  const unavailable = {
    code: 'AUTHORIZATION_UNAVAILABLE',
    message: 'The access token could not be verified. Retry. If the error persists, contact the operator.',
    retryable: true,
  };
  addGatewayResponse(api, ResponseType.AUTHORIZER_FAILURE, unavailable, { statusCode: '503' });
  addGatewayResponse(api, ResponseType.AUTHORIZER_CONFIGURATION_ERROR, unavailable, { statusCode: '503' });
  // For a token on an unknown path, API Gateway reports a broken signature. Its default message repeats the token.
  addGatewayResponse(api, ResponseType.DEFAULT_4XX, {
    code: 'REQUEST_REFUSED',
    message: 'The gateway rejected this request. Check its path, method and size.',
    retryable: false,
  });
  // This type means an unknown path here, not a missing token. Clients look for metadata at several paths and stop at a 403.
  addGatewayResponse(api, ResponseType.MISSING_AUTHENTICATION_TOKEN, UNKNOWN_ROUTE, { statusCode: '404' });
}

/** Returns the URL of a stage without a reference to it: what the stage depends on cannot refer to the stage. */
export function stageUrl(api: RestApi, stageName: string): string {
  return `https://${api.restApiId}.execute-api.${Aws.REGION}.${Aws.URL_SUFFIX}/${stageName}`;
}
