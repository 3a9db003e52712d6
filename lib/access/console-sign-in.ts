/** Says how the console signs in: by the authorization that the operator chose. */
import type { ConsoleSignIn } from '../../lambdas/api/console-page.ts';
import { Scope, scopes } from '../../lambdas/shared/caller.ts';

interface TokenSignIn {
  /** Issuer URL, exactly as in tokens. */
  readonly issuer: string;
  /** @default none: the console names the missing option */
  readonly clientId?: string;
  /** Expected audience that the operator chose. @default the URL of the MCP endpoint */
  readonly audience?: string;
  /** @default '' */
  readonly scopePrefix?: string;
}

/** @param url of the API's stage, without a trailing slash */
export function tokenSignIn(url: string, choice: TokenSignIn): ConsoleSignIn {
  const { issuer, clientId, audience, scopePrefix = '' } = choice;
  // A resource is a URL (RFC 8707). Providers with other audiences derive them from the scopes.
  const resource = audience ?? `${url}/mcp`;
  return {
    mode: 'oidc',
    issuer,
    ...(clientId !== undefined && { client_id: clientId }),
    scopes: scopes.map((scope) => `${scopePrefix}${scope}`),
    operator_scope: `${scopePrefix}${Scope.jobsOperate}`,
    ...((audience === undefined || /^https?:/.test(audience)) && { resource }),
  };
}
