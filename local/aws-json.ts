/** The AWS JSON protocol: `X-Amz-Target: Service.Action`, JSON in, JSON out, errors by `__type`. */
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { type Handler, readBody, sendJson } from './loopback-server.ts';

/** A refusal that the SDK turns into an exception of this name. */
export class AwsError extends Error {
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

export type Actions<Input> = Readonly<Record<string, (input: Input) => unknown>>;

const MAX_REQUEST_BYTES = 1024 * 1024;

/** `GetItem` for the target `DynamoDB_20120810.GetItem`; empty when there is none. */
export function actionOf(headers: IncomingHttpHeaders): string {
  return String(headers['x-amz-target']).split('.')[1] ?? '';
}

/** @param onCall is told the action of each request. */
export function awsJsonHandler<Input>(actions: Actions<Input>, onCall: (action: string) => void): Handler {
  return async (request, response) => {
    // SDKs read the answer alike when they have asked in version 1.1.
    const headers = { 'Content-Type': 'application/x-amz-json-1.0', 'x-amzn-RequestId': randomUUID() };
    const fail = (type: string, message: string) =>
      sendJson(response, 400, { __type: type, message }, headers);
    const body = await readBody(request, MAX_REQUEST_BYTES);
    const name = actionOf(request.headers);
    onCall(name);
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (!action) return fail('UnknownOperationException', `The local cloud has no action "${name}".`);
    if (!body) return fail('ValidationException', `The request has more than ${MAX_REQUEST_BYTES} bytes.`);
    try {
      sendJson(response, 200, await action(JSON.parse(body.toString() || '{}')), headers);
    } catch (error) {
      if (error instanceof AwsError) return fail(error.type, error.message);
      if (error instanceof SyntaxError) return fail('SerializationException', error.message);
      throw error;
    }
  };
}
