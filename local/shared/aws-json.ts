/** Serves the AWS JSON protocol: `X-Amz-Target: Service.Action`, JSON requests and responses, errors by `__type`. */
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { JSON_ERRORS, Refusal } from '../iam/refusal.ts';
import type { SignedRequest } from './credentials.ts';
import { type Handler, readBody, sendJson } from './loopback-server.ts';

/** An error that the SDK throws as an exception of this type. */
export class AwsError extends Error {
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

export type Actions<Input> = Readonly<Record<string, (input: Input) => unknown>>;

const MAX_REQUEST_BYTES = 1024 * 1024;

/** Returns `GetItem` for the target `DynamoDB_20120810.GetItem`; empty without a target. */
export function actionOf(headers: IncomingHttpHeaders): string {
  return String(headers['x-amz-target']).split('.')[1] ?? '';
}

export interface AwsJsonOptions<Input> {
  /** Receives the action of each request. */
  readonly onCall: (action: string) => void;
  /** @throws Refusal when the caller lacks the permission */
  readonly authorize: (request: SignedRequest, action: string, input: Input) => void;
}

export function awsJsonHandler<Input>(
  actions: Actions<Input>,
  { onCall, authorize }: AwsJsonOptions<Input>,
): Handler {
  return async (request, response) => {
    // SDKs that send version 1.1 read this version too.
    const headers = { 'Content-Type': 'application/x-amz-json-1.0', 'x-amzn-RequestId': randomUUID() };
    const fail = (type: string, message: string) =>
      sendJson(response, 400, { __type: type, message }, headers);
    const body = await readBody(request, MAX_REQUEST_BYTES);
    const name = actionOf(request.headers);
    onCall(name);
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (!action)
      return fail(
        'UnknownOperationException',
        `The local cloud does not support the action "${name}". Use an action that it supports.`,
      );
    if (!body)
      return fail(
        'ValidationException',
        `The request has more than ${MAX_REQUEST_BYTES} bytes: send a smaller one.`,
      );
    try {
      const input: Input = JSON.parse(body.toString() || '{}');
      authorize(request, name, input);
      sendJson(response, 200, await action(input), headers);
    } catch (error) {
      if (error instanceof Refusal) return fail(JSON_ERRORS[error.reason], error.message);
      if (error instanceof AwsError) return fail(error.type, error.message);
      if (error instanceof SyntaxError) return fail('SerializationException', error.message);
      throw error;
    }
  };
}
