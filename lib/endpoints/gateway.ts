/** Creates the REST API. Every method requires authentication, unless it is declared public. */
import { AuthorizationType, EndpointType, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { Construct } from 'constructs';
import type { ConsoleSignIn } from '../../lambdas/api/console-page.ts';
import { type AuthorizationChoice, checkIam, checkOidc } from '../access/authorization.ts';
import { tokenSignIn } from '../access/console-sign-in.ts';
import { CustomDomain, checkDomain, type DomainChoice } from '../access/custom-domain.ts';
import { addCommonResponses, addSignedRequestResponses } from '../access/gateway-responses.ts';
import { stageUrl, TokenAuthorization } from '../access/token-authorization.ts';
import { UserPool } from '../access/user-pool.ts';
import { type FirewallChoice, WebFirewall } from '../access/web-firewall.ts';
import { deploymentName } from '../defaults/deployment-name.ts';
import { LOCAL_CONTEXT } from '../defaults/local-context.ts';
import { checkSameEnvironment } from '../defaults/same-environment.ts';
import { isTraced } from '../defaults/tracing.ts';
import { type ApiLogsChoice, apiLogOptions } from './api-logs.ts';

/** Name of the API's only stage. */
export const STAGE = 'v1';

const THROTTLING = { requestsPerSecond: 200, burst: 400 };

/** Properties of `Gateway`. */
export interface GatewayProps {
  readonly authorization: AuthorizationChoice;
  /**
   * Request rate and burst of all callers together. API Gateway responds to more with 429.
   * @default 200 requests a second, a burst of 400
   */
  readonly throttling?: { readonly requestsPerSecond: number; readonly burst: number };
  /** @default none: the API has the URL that AWS assigns, with the stage in its path */
  readonly domain?: DomainChoice;
  /** @default none */
  readonly firewall?: FirewallChoice;
  /** @default no logs of the API */
  readonly logs?: ApiLogsChoice;
}

/** The REST API with its authorizer, domain and firewall. */
export class Gateway extends Construct {
  /** Other constructs add their routes to this API. */
  readonly api: RestApi;
  /** Base URL for clients, without a trailing slash. */
  readonly url: string;
  /** The same URL without a reference to the stage, for functions with routes of their own: the stage depends on them. */
  readonly addressWithoutStage: string;
  readonly authorization: AuthorizationChoice;
  readonly throttling: NonNullable<GatewayProps['throttling']>;
  /** Undefined for another authorization than Cognito. */
  readonly userPool: UserPool | undefined;
  /** How the console signs in. */
  readonly consoleSignIn: ConsoleSignIn;
  /** ARNs of the IAM principals that are operators. */
  readonly operators: readonly string[];

  constructor(scope: Construct, id: string, props: GatewayProps) {
    super(scope, id);
    const { authorization, throttling = THROTTLING, domain, firewall, logs } = props;
    if (domain) {
      checkDomain(domain);
      checkSameEnvironment(this, 'domain', 'certificate', domain.certificateArn);
    }
    const pool = authorization.mode === 'cognito' ? new UserPool(this, 'Users', authorization) : undefined;
    this.authorization = authorization;
    this.throttling = throttling;
    this.userPool = pool;
    const tokens = this.#tokenAuthorization(authorization, pool);
    this.operators = (authorization.mode === 'iam' && authorization.operators) || [];
    this.api = new RestApi(this, 'Api', {
      restApiName: deploymentName(scope),
      description: 'Durable async operations for MCP clients',
      endpointTypes: [EndpointType.REGIONAL],
      // With a domain, that is the only address: tokens are valid for one address, and no other is reachable.
      disableExecuteApiEndpoint: domain !== undefined,
      // CDK's default replaces the role of the whole account, and other stacks do the same.
      cloudWatchRole: logs === 'new-role',
      deployOptions: {
        stageName: STAGE,
        tracingEnabled: isTraced(this),
        ...(logs && apiLogOptions(this)),
        throttlingRateLimit: throttling.requestsPerSecond,
        throttlingBurstLimit: throttling.burst,
      },
      defaultMethodOptions: tokens
        ? { authorizer: tokens.authorizer }
        : { authorizationType: AuthorizationType.IAM },
    });
    // This output has the stage URL. The outputs of the stack contain the URL of the API.
    this.api.node.tryRemoveChild('Endpoint');
    const domainUrl = domain && `https://${domain.domainName}`;
    addCommonResponses(this.api);
    if (!tokens) addSignedRequestResponses(this.api);
    const url = domainUrl ?? stageUrl(this.api, STAGE);
    tokens?.protect(this.api, url);
    pool?.addConsole(`${url}/console`);
    this.consoleSignIn = this.#consoleSignIn(authorization, pool, url);
    this.addressWithoutStage = url;
    this.url = domainUrl ?? this.api.urlForPath('/').slice(0, -1);
    if (domain) new CustomDomain(this, 'Domain', { api: this.api, ...domain });
    if (firewall) new WebFirewall(this, 'Firewall', { api: this.api, ...firewall });
  }

  #tokenAuthorization(
    choice: AuthorizationChoice,
    pool: UserPool | undefined,
  ): TokenAuthorization | undefined {
    if (pool) {
      const { issuer, clientIds, scopePrefix, operatorClaim } = pool;
      return new TokenAuthorization(this, 'Authorization', {
        issuer,
        clientIds,
        scopePrefix,
        operatorClaim,
        authorizationServer: (url) => pool.metadata(url),
      });
    }
    if (choice.mode === 'iam') checkIam(choice);
    if (choice.mode !== 'oidc') return undefined;
    checkOidc(choice);
    return new TokenAuthorization(this, 'Authorization', choice);
  }

  #consoleSignIn(choice: AuthorizationChoice, pool: UserPool | undefined, url: string): ConsoleSignIn {
    if (pool) {
      const { issuer, scopePrefix, peopleClientId } = pool;
      return tokenSignIn(url, { issuer, scopePrefix, clientId: peopleClientId });
    }
    if (choice.mode === 'oidc') return tokenSignIn(url, { ...choice, clientId: choice.consoleClientId });
    return { mode: this.node.tryGetContext(LOCAL_CONTEXT) === undefined ? 'iam' : 'none' };
  }
}
