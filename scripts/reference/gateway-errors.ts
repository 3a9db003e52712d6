/** Says what the codes mean that only the gateway and the MCP endpoint use. */
import type { EventErrorCode } from '../../lambdas/mcp/events/errors.ts';

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
    status: 'another 4xx',
    meaning: 'The gateway refused the request. With signed requests, the message has its reason.',
    remedy: 'Check path, method and size, or the signature.',
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
    meaning: 'The HTTP request is refused: its method, or the number of values in its body.',
    remedy: 'Send a `POST`, with fewer values.',
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
