/** Reads the caller and its scopes from an API Gateway event. */
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { authorizationHeader } from './authorization-header.ts';
import { AppError, ErrorCode } from './errors.ts';
import type { LogKeys } from './observability/log-keys.ts';
import { isOperator } from './operators.ts';
import { ownerOf } from './owner.ts';

/** Permissions of an access token. No scope includes another. */
export const Scope = {
  /** Read jobs, their deliveries and their events. */
  jobsRead: 'jobs:read',
  /** Start, answer and cancel jobs. */
  jobsWrite: 'jobs:write',
  /** Manage webhook endpoints and their secrets. To have events sent to one, a caller also needs `jobs:read`. */
  webhooksManage: 'webhooks:manage',
  /** See the jobs of all owners without their content, cancel jobs and replay deliveries. For operators only. */
  jobsOperate: 'jobs:operate',
} as const;
export type Scope = (typeof Scope)[keyof typeof Scope];

/** The scopes of ordinary callers. Challenges and metadata list them, because clients request every scope that they see. */
export const scopes: readonly Scope[] = [Scope.jobsRead, Scope.jobsWrite, Scope.webhooksManage];

/** What a caller needs to have events sent to a URL, once or again: events contain jobs with their results. */
export const SENDING_SCOPES: readonly Scope[] = [Scope.webhooksManage, Scope.jobsRead];

/** The authenticated caller of a request. */
export interface Caller {
  /** Owns the jobs and endpoints that it creates; only the owner reads them. */
  readonly owner: string;
  readonly scopes: readonly string[];
  /** Subject or client of the token, or ARN with the session name. For logs only: with a tenant claim, many people share an owner. */
  readonly person?: string;
}

/**
 * Reads the authorizer's result, or the principal that signed the request. A signed request has every ordinary scope, because
 * IAM policies restrict it. They often allow the whole API, so `jobs:operate` needs a principal of the list of operators.
 * @returns the caller; undefined when the gateway authenticated nobody. Reject the request then.
 */
export function callerOf(event: APIGatewayProxyEvent): Caller | undefined {
  const { authorizer } = event.requestContext;
  if (typeof authorizer?.owner === 'string') {
    // Checked again: the gateway caches the authorizer's result by one header and ignores the rest of the request.
    if (authorizationHeader(event) === undefined) return undefined;
    const { owner, scopes = '', person } = authorizer;
    return {
      owner,
      scopes: String(scopes).split(' '),
      ...(typeof person === 'string' && { person }),
    };
  }
  const owner = ownerOf(event);
  if (owner === undefined) return undefined;
  const person = event.requestContext.identity.userArn ?? owner;
  return { owner, scopes: isOperator(owner) ? [...scopes, Scope.jobsOperate] : scopes, person };
}

/** Returns the keys of log lines about a request: the id that the gateway also shows in `x-amzn-requestid`, and its owner. */
export function requestKeys(event: APIGatewayProxyEvent): LogKeys {
  return { correlation_id: event.requestContext.requestId, owner: callerOf(event)?.owner };
}

/** @throws AppError INSUFFICIENT_SCOPE; `details.scope` has the missing scopes, separated by spaces */
export function requireScopes(caller: Caller, required: readonly Scope[]): void {
  const missing = required.filter((scope) => !caller.scopes.includes(scope));
  if (missing.length === 0) return;
  const scope = missing.join(' and the scope ');
  throw new AppError(
    ErrorCode.insufficientScope,
    missing.includes(Scope.jobsOperate)
      ? `The caller lacks the scope ${scope}, which only operators have. Ask an operator to add you; with tokens, authorize again and request it.`
      : `The access token lacks the scope ${scope}. Authorize again and request it.`,
    { details: { scope: missing.join(' ') } },
  );
}
