/** Who calls and what they may do, as the gateway has found. */
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { authorizationOf } from './authorization-header.ts';
import { AppError, ErrorCode } from './errors.ts';
import { ownerOf } from './owner.ts';

/** What a token allows. Neither includes another. */
export const Scope = {
  /** To see jobs, their deliveries and their events. */
  jobsRead: 'jobs:read',
  /** To start and cancel jobs. */
  jobsWrite: 'jobs:write',
  /** To have others told of jobs, and to hold the secrets for it. */
  webhooksManage: 'webhooks:manage',
} as const;
export type Scope = (typeof Scope)[keyof typeof Scope];

export const scopes: readonly Scope[] = Object.values(Scope);

export interface Caller {
  /** To whom belongs what is made, and who may read it. */
  readonly owner: string;
  readonly scopes: readonly string[];
}

/**
 * An authorizer's verdict, or the principal that signed the request: IAM has its own way to restrict one, so that it
 * has every scope.
 * @returns undefined when the gateway has authenticated nobody: then nobody may be served.
 */
export function callerOf(event: APIGatewayProxyEvent): Caller | undefined {
  const { authorizer } = event.requestContext;
  if (typeof authorizer?.owner === 'string') {
    // Looked at again: the gateway remembers a verdict by one header, whatever else the request has.
    if (authorizationOf(event) === undefined) return undefined;
    return { owner: authorizer.owner, scopes: String(authorizer.scopes ?? '').split(' ') };
  }
  const owner = ownerOf(event);
  return owner === undefined ? undefined : { owner, scopes };
}

/** @throws AppError INSUFFICIENT_SCOPE */
export function requireScope(caller: Caller, scope: Scope): void {
  if (caller.scopes.includes(scope)) return;
  throw new AppError(
    ErrorCode.insufficientScope,
    `The access token lacks the scope ${scope}. Authorize again and ask for it.`,
    { details: { scope } },
  );
}
