/** Authorizes requests to DynamoDB, and refuses denied ones in DynamoDB's format. */

import type { TableRequest, TableResponse } from '../dynamodb/table-request.ts';
import type { SignedRequest } from '../shared/credentials.ts';
import type { Iam } from './iam.ts';
import { JSON_ERRORS, Refusal } from './refusal.ts';
import { tableCalls } from './table-calls.ts';

/** @returns the error response when the request is refused */
export function refuseTableCall(
  iam: Iam,
  signed: SignedRequest,
  { action, input = {} }: TableRequest,
): TableResponse | undefined {
  try {
    iam.authorizeRequest(signed, () => tableCalls(action, input));
    return undefined;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return {
      status: 400,
      body: { __type: `com.amazon.coral.service#${JSON_ERRORS[error.reason]}`, Message: error.message },
    };
  }
}
