/** Reads the caller and its scopes from an API Gateway event. */
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { authorizationHeader } from './authorization-header.ts';
import { AppError, ErrorCode } from './errors.ts';
import { ownerOf } from './owner.ts';

/** Permissions of an access token. No scope includes another. */
export const Scope = {
  /** Read jobs, their deliveries and their events. */
  jobsRead: 'jobs:read',
  /** Start, answer and cancel jobs. */
  jobsWrite: 'jobs:write',
  /** Manage webhook endpoints and their secrets. To have events sent to one, a caller also needs `jobs:read`. */
  webhooksManage: 'webhooks:manage',
} as const;
export type Scope = (typeof Scope)[keyof typeof Scope];

export const scopes: readonly Scope[] = Object.values(Scope);

/** What a caller needs to have events sent to a URL, once or again: events contain jobs with their results. */
export const SENDING_SCOPES: readonly Scope[] = [Scope.webhooksManage, Scope.jobsRead];

/** The authenticated caller of a request. */
export interface Caller {
  /** Owns the jobs and endpoints that it creates; only the owner reads them. */
  readonly owner: string;
  readonly scopes: readonly string[];
}

/**
 * Reads the authorizer's result, or the principal that signed the request. A signed request has every scope, because IAM
 * policies restrict it.
 * @returns the caller; undefined when the gateway authenticated nobody. Reject the request then.
 */
export function callerOf(event: APIGatewayProxyEvent): Caller | undefined {
  const { authorizer } = event.requestContext;
  if (typeof authorizer?.owner === 'string') {
    // Checked again: the gateway caches the authorizer's result by one header and ignores the rest of the request.
    if (authorizationHeader(event) === undefined) return undefined;
    return { owner: authorizer.owner, scopes: String(authorizer.scopes ?? '').split(' ') };
  }
  const owner = ownerOf(event);
  return owner === undefined ? undefined : { owner, scopes };
}

/** @throws AppError INSUFFICIENT_SCOPE; `details.scope` has the missing scopes, separated by spaces */
export function requireScopes(caller: Caller, required: readonly Scope[]): void {
  const missing = required.filter((scope) => !caller.scopes.includes(scope));
  if (missing.length === 0) return;
  throw new AppError(
    ErrorCode.insufficientScope,
    `The access token lacks the scope ${missing.join(' and the scope ')}. Authorize again and request it.`,
    { details: { scope: missing.join(' ') } },
  );
}
