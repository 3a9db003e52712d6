/** Defines the responses that API Gateway sends by itself: errors as JSON, like those of the service. */
import { ResponseType, type RestApi } from 'aws-cdk-lib/aws-apigateway';

export interface GatewayError {
  readonly code: string;
  /** `GATEWAY_MESSAGE` for API Gateway's own message. */
  readonly message: string;
  readonly retryable: boolean;
}

export interface GatewayResponseOptions {
  /** @default the status of API Gateway */
  readonly statusCode?: string;
  /** Value of the header `WWW-Authenticate`. @default no header */
  readonly authenticate?: string;
}

/** API Gateway replaces this variable with its message, in quotes and escaped. */
const GATEWAY_MESSAGE = '$context.error.messageString';

export function addGatewayResponse(
  api: RestApi,
  type: ResponseType,
  error: GatewayError,
  { statusCode, authenticate }: GatewayResponseOptions = {},
): void {
  api.addGatewayResponse(type.responseType, {
    type,
    statusCode,
    responseHeaders: authenticate === undefined ? {} : { 'WWW-Authenticate': `'${authenticate}'` },
    templates: {
      'application/json': JSON.stringify({ error }).replace(`"${GATEWAY_MESSAGE}"`, GATEWAY_MESSAGE),
    },
  });
}

/** Adds the responses that do not depend on how callers authenticate. */
export function addCommonResponses(api: RestApi): void {
  addGatewayResponse(api, ResponseType.THROTTLED, {
    code: 'RESOURCE_EXHAUSTED',
    message: 'The API receives too many requests. Wait some seconds, then retry.',
    retryable: true,
  });
  addGatewayResponse(api, ResponseType.DEFAULT_5XX, {
    code: 'INTERNAL_ERROR',
    message: 'The service did not respond. Retry; repeat a start with the same idempotency_key.',
    retryable: true,
  });
}

/** Adds the response to requests that API Gateway refuses, with its reason, which helps to sign a request. */
export function addSignedRequestResponses(api: RestApi): void {
  addGatewayResponse(api, ResponseType.DEFAULT_4XX, {
    code: 'REQUEST_REFUSED',
    message: GATEWAY_MESSAGE,
    retryable: false,
  });
}
