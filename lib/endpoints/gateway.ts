/** Creates the REST API. Every method requires authentication, unless it is declared public. */
import { AuthorizationType, EndpointType, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { Construct } from 'constructs';
import { type AuthorizationChoice, checkOidc } from '../access/authorization.ts';
import { CustomDomain, checkDomain, type DomainChoice } from '../access/custom-domain.ts';
import { addCommonResponses, addSignedRequestResponses } from '../access/gateway-responses.ts';
import { stageUrl, TokenAuthorization } from '../access/token-authorization.ts';
import { UserPool } from '../access/user-pool.ts';
import { type FirewallChoice, WebFirewall } from '../access/web-firewall.ts';
import { deploymentName } from '../defaults/deployment-name.ts';
import { checkSameEnvironment } from '../defaults/same-environment.ts';
import { type ApiLogsChoice, apiLogOptions } from './api-logs.ts';

const STAGE = 'v1';

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

  constructor(scope: Construct, id: string, props: GatewayProps) {
    super(scope, id);
    const { authorization, throttling = THROTTLING, domain, firewall, logs } = props;
    if (domain) {
      checkDomain(domain);
      checkSameEnvironment(this, 'domain', 'certificate', domain.certificateArn);
    }
    const tokens = this.#tokenAuthorization(authorization);
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
        tracingEnabled: true,
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
    tokens?.protect(this.api, domainUrl ?? stageUrl(this.api, STAGE));
    this.url = domainUrl ?? this.api.urlForPath('/').slice(0, -1);
    if (domain) new CustomDomain(this, 'Domain', { api: this.api, ...domain });
    if (firewall) new WebFirewall(this, 'Firewall', { api: this.api, ...firewall });
  }

  #tokenAuthorization(choice: AuthorizationChoice): TokenAuthorization | undefined {
    switch (choice.mode) {
      case 'iam':
        return undefined;
      case 'oidc':
        checkOidc(choice);
        return new TokenAuthorization(this, 'Authorization', choice);
      case 'cognito': {
        const pool = new UserPool(this, 'Users', choice);
        const { issuer, clientIds, scopePrefix } = pool;
        return new TokenAuthorization(this, 'Authorization', {
          issuer,
          clientIds,
          scopePrefix,
          authorizationServer: (url) => pool.metadata(url),
        });
      }
    }
  }
}
