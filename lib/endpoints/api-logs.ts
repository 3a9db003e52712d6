/** Defines the CloudWatch logs of the API, which are an option: they need a role that is a setting of the whole account. */
import { RemovalPolicy } from 'aws-cdk-lib';
import {
  AccessLogField,
  AccessLogFormat,
  LogGroupLogDestination,
  MethodLoggingLevel,
  type StageOptions,
} from 'aws-cdk-lib/aws-apigateway';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct, Node } from 'constructs';

/**
 * The role with which API Gateway writes logs. An account has one for each region, which all its APIs share.
 * - `existing-role`: the role that the account has. Without one, the deployment fails.
 * - `new-role`: a role of this stack. It replaces the role that the account has.
 */
export type ApiLogsChoice = (typeof CHOICES)[number];

const CHOICES = ['existing-role', 'new-role'] as const;

/** @returns undefined when the CDK context asks for no logs. @throws Error naming the key, the value and the remedy */
export function readApiLogs(node: Node): ApiLogsChoice | undefined {
  const value: unknown = node.tryGetContext('apiLogs');
  if (value === undefined || value === '') return undefined;
  const choice = CHOICES.find((one) => one === value);
  if (choice) return choice;
  throw new Error(`apiLogs is "${value}": choose one of ${CHOICES.join(', ')}, or remove it.`);
}

/** Fields of the access log: caller, request and result, without tokens and bodies. */
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
  // Not the message: it may contain quotes, and its quoted form is no JSON for a request without an error.
  error: AccessLogField.contextErrorResponseType(),
};

/** Returns the log options of a stage. */
export function apiLogOptions(scope: Construct): StageOptions {
  const accessLog = new LogGroup(scope, 'AccessLog', {
    retention: RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  return {
    accessLogDestination: new LogGroupLogDestination(accessLog),
    accessLogFormat: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
    // Only errors: request data contains secrets and callers' input.
    loggingLevel: MethodLoggingLevel.ERROR,
  };
}
