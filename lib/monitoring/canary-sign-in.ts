/** Gives the canary a client of its own, by the authorization of the API: a Cognito client, a client of your provider, or its role. */
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { CanarySignIn, ClientCredentials } from '../../lambdas/canary/canary-settings.ts';
import { scopes } from '../../lambdas/shared/caller.ts';
import type { OidcAuthorization } from '../access/authorization.ts';
import { LOCAL_CONTEXT } from '../defaults/local-context.ts';
import { checkSameEnvironment } from '../defaults/same-environment.ts';
import { type Gateway, STAGE } from '../endpoints/gateway.ts';

/** Key of the local cloud's context: the credentials of a client at the local identity provider, as JSON. */
const LOCAL_CLIENT = 'canaryClient';

/**
 * Allows a function to sign in. No secret is in the template or in the environment.
 * @returns how the function signs in
 * @throws Error naming the option and the remedy
 */
export function grantSignIn(
  scope: Construct,
  fn: LambdaFunction,
  { api, authorization, userPool, addressWithoutStage: url }: Gateway,
  secretArn: string | undefined,
): CanarySignIn {
  const local: unknown = scope.node.tryGetContext(LOCAL_CONTEXT);
  if (secretArn !== undefined && authorization.mode !== 'oidc' && local === undefined) {
    throw new Error(
      `monitoring.canary.clientSecretArn does not apply to the authorization ${authorization.mode}: remove it.`,
    );
  }
  if (authorization.mode === 'oidc') {
    return oidcSignIn(scope, fn, authorization, `${url}/mcp`, localClient(local) ?? secretArn);
  }
  if (userPool) {
    const { clientId, userPoolId, userPoolArn, tokenEndpoint } = userPool.addCanary();
    // Its resource is the pool: IAM cannot name a client.
    Grant.addToPrincipal({
      grantee: fn,
      actions: ['cognito-idp:DescribeUserPoolClient'],
      resourceArns: [userPoolArn],
    });
    return {
      mode: 'token',
      server: { tokenEndpoint },
      client: { userPoolId, clientId },
      parameters: { scope: prefixed(userPool.scopePrefix) },
    };
  }
  Grant.addToPrincipal({
    grantee: fn,
    actions: ['execute-api:Invoke'],
    resourceArns: [api.arnForExecuteApi('POST', '/mcp', STAGE)],
  });
  return { mode: 'iam' };
}

function oidcSignIn(
  scope: Construct,
  fn: LambdaFunction,
  { issuer, audience, scopePrefix = '' }: OidcAuthorization,
  resource: string,
  client: ClientCredentials | string | undefined,
): CanarySignIn {
  if (client === undefined) {
    throw new Error(
      'monitoring.canary.clientSecretArn is missing: give the ARN of a secret with a client of your identity provider.',
    );
  }
  const common = {
    mode: 'token',
    server: { issuer },
    parameters: {
      scope: prefixed(scopePrefix),
      // RFC 8707. A provider with audiences of its own gets the audience.
      ...(audience === undefined ? { resource } : { audience }),
    },
  } as const;
  if (typeof client !== 'string') return { ...common, client };
  checkSameEnvironment(scope, 'monitoring.canary.clientSecretArn', 'secret', client);
  Grant.addToPrincipal({
    grantee: fn,
    actions: ['secretsmanager:GetSecretValue'],
    resourceArns: [client],
  });
  return { ...common, client: { secretArn: client } };
}

function prefixed(prefix: string): string {
  return scopes.map((each) => `${prefix}${each}`).join(' ');
}

function localClient(context: unknown): ClientCredentials | undefined {
  const { [LOCAL_CLIENT]: client } = Object(context) as { readonly [LOCAL_CLIENT]?: string };
  return client === undefined ? undefined : (JSON.parse(client) as ClientCredentials);
}
