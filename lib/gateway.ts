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
import { type AuthorizationChoice, checkOidc } from './authorization.ts';
import { stageUrl, TokenAuthorization } from './token-authorization.ts';
import { UserPool } from './user-pool.ts';

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
}

export class Gateway extends Construct {
  /** Others add their routes to it. */
  readonly api: RestApi;

  constructor(scope: Construct, id: string, { authorization, throttling = THROTTLING }: GatewayProps) {
    super(scope, id);
    const accessLog = new LogGroup(this, 'AccessLog', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const tokens = this.#tokenAuthorization(authorization);
    this.api = new RestApi(this, 'Api', {
      description: 'Durable async operations for MCP clients',
      endpointTypes: [EndpointType.REGIONAL],
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
    tokens?.protect(this.api, stageUrl(this.api, STAGE));
  }

  #tokenAuthorization(choice: AuthorizationChoice): TokenAuthorization | undefined {
    switch (choice.mode) {
      case 'iam':
        return undefined;
      case 'oidc':
        checkOidc(choice);
        return new TokenAuthorization(this, 'Authorization', choice);
      case 'cognito': {
        const { issuer, clientIds, scopePrefix } = new UserPool(this, 'Users', choice);
        return new TokenAuthorization(this, 'Authorization', { issuer, clientIds, scopePrefix });
      }
    }
  }
}
