/** Synthesizes a CDK app of this repository from its sources. */
import { PACKAGE, synthesize } from '../../local/cli/synthesize.ts';

/**
 * @param outputDirectory is replaced, and returned.
 * @param entry of the app, relative to the repository
 * @param context of the CDK. @default IAM's principals may call
 */
export function synthesizeSource(
  outputDirectory: string,
  entry = 'bin/app.ts',
  context: Readonly<Record<string, string>> = { authorization: 'iam' },
): Promise<string> {
  const command = `node --conditions=mcp-async-operations-source ${entry}`;
  const { authorization = 'iam', issuer, audience, tenantClaim, scopePrefix, allowLoopbackIssuer } = context;
  const { operatorClaim, operatorValue, authorizationExtensions, canaryClient } = context;
  const given = {
    authorization,
    issuer,
    audience,
    tenantClaim,
    scopePrefix,
    operatorClaim,
    operatorValue,
    authorizationExtensions,
    allowLoopbackIssuer,
    canaryClient,
  };
  const choice = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Record<string, string>;
  return synthesize(outputDirectory, { app: PACKAGE, command, context, authorization: choice });
}
