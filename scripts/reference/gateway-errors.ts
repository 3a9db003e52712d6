/** Says what the codes mean that only the gateway and the MCP endpoint use. */
import type { EventErrorCode } from '../../lambdas/mcp/events/errors.ts';
import type { ReportCode } from '../../lambdas/runner/sandbox/protocol.ts';

interface OtherError {
  readonly code: string;
  /** HTTP status, or code of JSON-RPC. */
  readonly status: string;
  readonly meaning: string;
  readonly remedy: string;
}

/** Responses of API Gateway, before a function runs. */
export const gatewayErrors: readonly OtherError[] = [
  {
    code: 'UNAUTHORIZED',
    status: '401',
    meaning: 'The request has no valid access token for this API.',
    remedy: 'Authorize, and send the token as `Authorization: Bearer`.',
  },
  {
    code: 'FORBIDDEN',
    status: '403',
    meaning: 'The access token has none of the scopes of this API.',
    remedy: 'Authorize again and request the scopes.',
  },
  {
    code: 'NOT_FOUND',
    status: '404',
    meaning: 'The path or the method does not exist.',
    remedy: 'Check both.',
  },
  {
    code: 'REQUEST_REFUSED',
    status: '403 of the firewall, or another 4xx',
    meaning:
      'The firewall or the gateway refused the request. With signed requests, the message has its reason.',
    remedy: 'Check path, method and size, or the signature. After 403, send fewer requests.',
  },
  {
    code: 'RESOURCE_EXHAUSTED',
    status: '429',
    meaning: 'The API receives too many requests of all callers.',
    remedy: 'Wait some seconds, then retry.',
  },
  {
    code: 'AUTHORIZATION_UNAVAILABLE',
    status: '503',
    meaning: 'The access token could not be verified, because the identity provider did not respond.',
    remedy: 'Retry. If the error persists, contact the operator.',
  },
  {
    code: 'INTERNAL_ERROR',
    status: 'another 5xx',
    meaning: 'The service did not respond.',
    remedy: 'Retry. Repeat a start with the same `idempotency_key`.',
  },
];

/** Responses to reports of sandboxes. */
export const reportErrors: Readonly<Record<keyof typeof ReportCode, { readonly status: string } & CodeText>> =
  {
    invalid: {
      status: '400',
      meaning: 'The body is not a report, or the first report has no claim.',
      remedy: 'Send `token` and `report` as texts.',
    },
    tokenInvalid: {
      status: '401',
      meaning: 'The token in the body is not from this deployment, or its attempt was over long ago.',
      remedy: 'Send the token of the event or of the last response. If it expired, start the job again.',
    },
    outOfOrder: {
      status: '409',
      meaning: 'The report of an attempt came before.',
      remedy: 'Send the token of the last response.',
    },
    tooLarge: {
      status: '413',
      meaning: 'The body of the report is too large.',
      remedy: 'Send less of the log at once.',
    },
    limitExceeded: {
      status: '429',
      meaning: 'The attempt has sent more reports than its time limit allows.',
      remedy: 'Start the job again.',
    },
    unavailable: {
      status: '503',
      meaning: 'The report could not be recorded.',
      remedy: 'Send the same report again in a second.',
    },
  };

/** `data.code` of JSON-RPC errors about tasks of 2025-11-25. */
export const taskErrors: readonly OtherError[] = [
  {
    code: 'RESULT_NOT_READY',
    status: '-32603',
    meaning: '`tasks/result` waited as long as it may, and the task has not ended.',
    remedy: 'Poll `tasks/get`, then call `tasks/result` again.',
  },
  {
    code: 'TASK_CANCELLED',
    status: '-32603',
    meaning: 'The task was cancelled and has no result.',
    remedy: 'Start the work again if you need it.',
  },
];

interface CodeText {
  readonly meaning: string;
  readonly remedy: string;
}

/** Codes of the MCP Events draft. */
export const eventErrors: Readonly<Record<keyof typeof EventErrorCode, CodeText>> = {
  notFound: {
    meaning: 'MCP Events: the event or the subscription does not exist.',
    remedy: 'Use a name from `events/list`, or subscribe again.',
  },
  forbidden: {
    meaning: 'MCP Events: the caller lacks a scope.',
    remedy: 'Authorize again and request it.',
  },
  resourceExhausted: {
    meaning: 'MCP Events: a limit is reached. `data.limit` names it.',
    remedy: 'Wait `data.retry_after_ms`, or unsubscribe.',
  },
  unsupported: {
    meaning: 'MCP Events: the delivery mode is not supported.',
    remedy: 'Use the mode that the message names.',
  },
  callbackEndpoint: {
    meaning: 'MCP Events: the receiver did not return the challenge.',
    remedy: 'Fix the receiver, then subscribe again.',
  },
};

/** Codes of JSON-RPC that all methods use. */
export const protocolErrors: readonly ({ readonly code: number } & CodeText)[] = [
  {
    code: -32000,
    meaning:
      'The HTTP request is refused: its method (405), its `Accept` (406), or the size or the number of values of its body (413). There is no `data.code`.',
    remedy: 'Send a `POST` with less data, and accept `application/json` and `text/event-stream`.',
  },
  {
    code: -32020,
    meaning: 'A header of 2026-07-28 contradicts the body.',
    remedy: 'Send the same method and name in both.',
  },
  {
    code: -32021,
    meaning:
      'The client does not declare a capability that the call needs. `data.requiredCapabilities` names it.',
    remedy: 'Use a client that supports the capability.',
  },
  {
    code: -32022,
    meaning: 'The server does not support this protocol version.',
    remedy: 'Use one of the versions in `data.supported`.',
  },
  {
    code: -32601,
    meaning: 'The method does not exist, or the tool cannot run as a task.',
    remedy: 'Use a method that the server declares, or call the tool without a task.',
  },
  {
    code: -32602,
    meaning: 'The parameters are invalid, or a task or resource does not exist.',
    remedy: 'Correct the request, as the message says.',
  },
  {
    code: -32603,
    meaning: 'The request failed.',
    remedy: 'Retry when `data.retryable` is true.',
  },
];
