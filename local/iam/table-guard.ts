/** Authorizes requests to DynamoDB, and refuses denied ones in DynamoDB's format. */

import type { TableRequest, TableResponse } from '../dynamodb/table-request.ts';
import { actionOf } from '../shared/aws-json.ts';
import type { Iam } from './iam.ts';
import { JSON_ERRORS, Refusal } from './refusal.ts';
import { tableCalls } from './table-calls.ts';

/** @returns the error response when the request is refused */
export function refuseTableCall(iam: Iam, { url, headers, body }: TableRequest): TableResponse | undefined {
  try {
    iam.authorizeRequest({ url, headers }, () => tableCalls(actionOf(headers), parse(body)));
    return undefined;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return {
      status: 400,
      headers: { 'Content-Type': 'application/x-amz-json-1.0' },
      body: JSON.stringify({
        __type: `com.amazon.coral.service#${JSON_ERRORS[error.reason]}`,
        Message: error.message,
      }),
    };
  }
}

/** Returns an empty input for invalid JSON. */
function parse(body: Buffer): object {
  try {
    return Object(JSON.parse(body.toString()));
  } catch {
    return {};
  }
}
