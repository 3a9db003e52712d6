/** Lets through to DynamoDB what the caller may do, and refuses the rest in its words. */

import type { TableAnswer, TableRequest } from '../dynamodb/table-request.ts';
import { actionOf } from '../shared/aws-json.ts';
import type { Iam } from './iam.ts';
import { JSON_ERRORS, Refusal } from './refusal.ts';
import { tableCalls } from './table-calls.ts';

/** @returns the refusal, if it is refused */
export function refuseTableCall(iam: Iam, { url, headers, body }: TableRequest): TableAnswer | undefined {
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

/** What is no JSON is about nothing. */
function parse(body: Buffer): object {
  try {
    return Object(JSON.parse(body.toString()));
  } catch {
    return {};
  }
}
