/** The one way in: a REST API whose every method asks who calls, unless it says otherwise. */
import { RemovalPolicy } from 'aws-cdk-lib';
import {
  AccessLogField,
  AccessLogFormat,
  AuthorizationType,
  EndpointType,
  LogGroupLogDestination,
  MethodLoggingLevel,
  RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type AuthorizationChoice, checkOidc } from '../access/authorization.ts';
import { CustomDomain, checkDomain, type DomainChoice } from '../access/custom-domain.ts';
import { stageUrl, TokenAuthorization } from '../access/token-authorization.ts';
import { UserPool } from '../access/user-pool.ts';
import { type FirewallChoice, WebFirewall } from '../access/web-firewall.ts';

const STAGE = 'v1';

/** Who called, and what came of it; neither tokens nor what was sent. */
const ACCESS_LOG = {
  requestId: AccessLogField.contextRequestId(),
  ip: AccessLogField.contextIdentitySourceIp(),
  principal: AccessLogField.contextAuthorizerPrincipalId(),
  user: AccessLogField.contextIdentityUserArn(),
  requestTime: AccessLogField.contextRequestTime(),
  httpMethod: AccessLogField.contextHttpMethod(),
  resourcePath: AccessLogField.contextResourcePath(),
  status: AccessLogField.contextStatus(),
  responseLength: AccessLogField.contextResponseLength(),
  error: AccessLogField.contextErrorMessage(),
};

const THROTTLING = { requestsPerSecond: 200, burst: 400 };

export interface GatewayProps {
  readonly authorization: AuthorizationChoice;
  /**
   * What all callers together may ask for in a second, and at once; more is answered with 429.
   * @default 200 requests a second, 400 at once
   */
  readonly throttling?: { readonly requestsPerSecond: number; readonly burst: number };
  /** @default none: the API is at the address that AWS gives it, behind its stage */
  readonly domain?: DomainChoice;
  /** @default none */
  readonly firewall?: FirewallChoice;
}

export class Gateway extends Construct {
  /** Others add their routes to it. */
  readonly api: RestApi;
  /** Where clients find it; it ends without a slash. */
  readonly url: string;

  constructor(scope: Construct, id: string, props: GatewayProps) {
    super(scope, id);
    const { authorization, throttling = THROTTLING, domain, firewall } = props;
    if (domain) checkDomain(domain);
    const accessLog = new LogGroup(this, 'AccessLog', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const tokens = this.#tokenAuthorization(authorization);
    this.api = new RestApi(this, 'Api', {
      description: 'Durable async operations for MCP clients',
      endpointTypes: [EndpointType.REGIONAL],
      // One address, so that tokens are for one, and nobody comes by another.
      disableExecuteApiEndpoint: domain !== undefined,
      deployOptions: {
        stageName: STAGE,
        tracingEnabled: true,
        accessLogDestination: new LogGroupLogDestination(accessLog),
        accessLogFormat: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
        // Without the data of requests, which hold secrets and what callers sent.
        loggingLevel: MethodLoggingLevel.ERROR,
        throttlingRateLimit: throttling.requestsPerSecond,
        throttlingBurstLimit: throttling.burst,
      },
      defaultMethodOptions: tokens
        ? { authorizer: tokens.authorizer }
        : { authorizationType: AuthorizationType.IAM },
    });
    // The address behind the stage: the stack's own outputs say where the API is.
    this.api.node.tryRemoveChild('Endpoint');
    const atDomain = domain && `https://${domain.domainName}`;
    tokens?.protect(this.api, atDomain ?? stageUrl(this.api, STAGE));
    this.url = atDomain ?? this.api.urlForPath('/').slice(0, -1);
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
