/** Reads how the console signs in. */
import type { AuthorizationServer } from 'oauth4webapi';
import type { ConsoleSignIn } from '../../../lambdas/api/console-page.ts';

/** The authorization server, and the client that the operator registered for the console. */
export type TokenConfig = Extract<ConsoleSignIn, { readonly mode: 'oidc' }> & {
  /** Absent while the identity provider is unavailable. */
  readonly authorization_server?: AuthorizationServer;
};

export type SignInConfig = { readonly mode: 'none' } | { readonly mode: 'iam' } | TokenConfig;

/** @throws Error when the API does not respond with it */
export async function readSignInConfig(base: string): Promise<SignInConfig> {
  const response = await fetch(new URL('console/config', base), { signal: AbortSignal.timeout(30_000) });
  if (!response.ok) throw new Error(`The API responded with status ${response.status}. Reload the page.`);
  return response.json();
}
