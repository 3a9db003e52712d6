/** Serves the Lambda API: synchronous invocations, with a buffered or a streamed response, and asynchronous ones. */
import type { ServerResponse } from 'node:http';
import { EventStreamCodec } from '@smithy/core/event-streams';
import type { MessageHeaders } from '@smithy/types';
import type { Iam } from '../iam/iam.ts';
import { invokeCall } from '../iam/json-calls.ts';
import { JSON_ERRORS, Refusal } from '../iam/refusal.ts';
import { qualifiedNameOf } from '../shared/aws-names.ts';
import { type Handler, readBody, sendJson } from '../shared/loopback-server.ts';
import { FunctionError } from './function-instance.ts';
import { type LambdaFunction, MAX_EVENT_BYTES, MAX_PAYLOAD_BYTES, ThrottledError } from './functions.ts';

const INVOKE = /^\/2015-03-31\/functions\/(?<name>[^/]+)\/invocations(\?|$)/;
const INVOKE_WITH_RESPONSE_STREAM =
  /^\/2021-11-15\/functions\/(?<name>[^/]+)\/response-streaming-invocations(\?|$)/;

export function lambdaApiHandler(
  functions: ReadonlyMap<string, LambdaFunction>,
  iam: Iam,
  onCall: (action: string) => void,
): Handler {
  return async (request, response) => {
    const fail = (status: number, type: string, message: string) =>
      sendJson(response, status, { Message: message }, { 'x-amzn-ErrorType': type });
    const { url = '' } = request;
    const streamed = INVOKE_WITH_RESPONSE_STREAM.exec(url);
    const nameOrArn = (streamed ?? INVOKE.exec(url))?.groups?.name;
    const isEvent = request.headers['x-amz-invocation-type'] === 'Event';
    const maxBytes = isEvent ? MAX_EVENT_BYTES : MAX_PAYLOAD_BYTES;
    const payload = await readBody(request, maxBytes);
    if (!nameOrArn || request.method !== 'POST') {
      return fail(
        404,
        'ResourceNotFoundException',
        'The local cloud supports only Invoke and InvokeWithResponseStream: use one of these.',
      );
    }
    onCall(streamed ? 'InvokeWithResponseStream' : 'Invoke');
    const called = decodeURIComponent(nameOrArn);
    try {
      iam.authorizeRequest(request, () => [invokeCall(called)]);
    } catch (error) {
      if (error instanceof Refusal) return fail(403, JSON_ERRORS[error.reason], error.message);
      throw error;
    }
    const target = functions.get(qualifiedNameOf(called));
    if (!target) return fail(404, 'ResourceNotFoundException', `Function not found: ${called}`);
    if (!payload)
      return fail(
        413,
        'RequestTooLargeException',
        `The payload has more than ${maxBytes} bytes: send a smaller one.`,
      );
    const tenantId = request.headers['x-amz-tenant-id']?.toString();
    if (target.isolatesTenants !== (tenantId !== undefined)) {
      return fail(
        400,
        'InvalidParameterValueException',
        target.isolatesTenants
          ? 'The function has tenant isolation: send a tenant ID.'
          : 'The function has no tenant isolation: send no tenant ID.',
      );
    }

    const event = payload.toString() || '{}';
    if (isEvent) {
      // The function's log has its errors. Nobody waits for the end.
      void target.invokeAsync(event, tenantId);
      response.writeHead(202).end();
      return;
    }
    try {
      await (streamed ? stream : buffer)(target, event, tenantId, response);
    } catch (error) {
      if (!(error instanceof ThrottledError)) throw error;
      fail(429, error.name, error.message);
    }
  };
}

async function buffer(
  target: LambdaFunction,
  event: string,
  tenantId: string | undefined,
  response: ServerResponse,
): Promise<void> {
  const json = { 'Content-Type': 'application/json' };
  try {
    const result = await target.invoke(event, { tenantId });
    response.writeHead(200, json).end(result);
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error;
    response.writeHead(200, { ...json, 'X-Amz-Function-Error': 'Unhandled' }).end(error.message);
  }
}

/** Sends the chunks as events of AWS's event stream format. */
async function stream(
  target: LambdaFunction,
  event: string,
  tenantId: string | undefined,
  response: ServerResponse,
): Promise<void> {
  const write = (type: string, contentType: string, body: Uint8Array) =>
    new Promise<void>((resolve) => {
      if (!response.headersSent) {
        response.writeHead(200, { 'Content-Type': 'application/vnd.amazon.eventstream' });
      }
      if (response.destroyed || response.write(frame(type, contentType, body))) resolve();
      else response.once('drain', resolve).once('close', resolve);
    });
  const onChunk = (chunk: Buffer) => write('PayloadChunk', 'application/octet-stream', chunk);
  const complete = await target.invoke(event, { tenantId, onChunk }).then(
    () => ({}),
    (error: Error) => {
      if (error instanceof ThrottledError) throw error;
      return {
        ErrorCode: error instanceof FunctionError ? error.name : 'ServiceException',
        ErrorDetails: error.message,
      };
    },
  );
  await write('InvokeComplete', 'application/json', Buffer.from(JSON.stringify(complete)));
  response.end();
}

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString(),
  (text) => Buffer.from(text),
);

function frame(eventType: string, contentType: string, body: Uint8Array): Uint8Array {
  const headers: MessageHeaders = {
    ':message-type': { type: 'string', value: 'event' },
    ':event-type': { type: 'string', value: eventType },
    ':content-type': { type: 'string', value: contentType },
  };
  return codec.encode({ headers, body });
}
