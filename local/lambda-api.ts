/** The Lambda API, as far as it is called here: an invocation whose answer streams back, framed as AWS does. */
import { EventStreamCodec } from '@smithy/core/event-streams';
import type { MessageHeaders } from '@smithy/types';
import { functionNameOf } from './aws-names.ts';
import { FunctionError } from './function-instance.ts';
import { type LambdaFunction, MAX_PAYLOAD_BYTES } from './functions.ts';
import type { Iam } from './iam/iam.ts';
import { invokeCall } from './iam/json-calls.ts';
import { JSON_ERRORS, Refusal } from './iam/refusal.ts';
import { type Handler, readBody, sendJson } from './loopback-server.ts';

const INVOKE = /^\/2021-11-15\/functions\/([^/]+)\/response-streaming-invocations(\?|$)/;

export function lambdaApiHandler(
  functions: ReadonlyMap<string, LambdaFunction>,
  iam: Iam,
  onCall: (action: string) => void,
): Handler {
  return async (request, response) => {
    const fail = (status: number, type: string, message: string) =>
      sendJson(response, status, { Message: message }, { 'x-amzn-ErrorType': type });
    const nameOrArn = INVOKE.exec(request.url ?? '')?.[1];
    const payload = await readBody(request, MAX_PAYLOAD_BYTES);
    if (!nameOrArn || request.method !== 'POST') {
      return fail(404, 'ResourceNotFoundException', 'The local cloud has InvokeWithResponseStream only.');
    }
    onCall('InvokeWithResponseStream');
    const called = decodeURIComponent(nameOrArn);
    try {
      iam.authorizeRequest(request, () => [invokeCall(called)]);
    } catch (error) {
      if (error instanceof Refusal) return fail(403, JSON_ERRORS[error.reason], error.message);
      throw error;
    }
    const target = functions.get(functionNameOf(called));
    if (!target) return fail(404, 'ResourceNotFoundException', `Function not found: ${called}`);
    if (!payload) return fail(413, 'RequestTooLargeException', `More than ${MAX_PAYLOAD_BYTES} bytes.`);
    const tenantId = request.headers['x-amz-tenant-id']?.toString();
    if (target.isolatesTenants !== (tenantId !== undefined)) {
      return fail(
        400,
        'InvalidParameterValueException',
        'A tenant ID is for functions with tenant isolation, and they need one.',
      );
    }

    response.writeHead(200, { 'Content-Type': 'application/vnd.amazon.eventstream' });
    const write = (type: string, contentType: string, body: Uint8Array) =>
      new Promise<void>((resolve) => {
        if (response.destroyed || response.write(frame(type, contentType, body))) resolve();
        else response.once('drain', resolve).once('close', resolve);
      });
    const complete = await target
      .invoke(payload.toString() || '{}', {
        tenantId,
        onChunk: (chunk) => write('PayloadChunk', 'application/octet-stream', chunk),
      })
      .then(
        () => ({}),
        (error: Error) => ({
          ErrorCode: error instanceof FunctionError ? error.name : 'ServiceException',
          ErrorDetails: error.message,
        }),
      );
    await write('InvokeComplete', 'application/json', Buffer.from(JSON.stringify(complete)));
    response.end();
  };
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
