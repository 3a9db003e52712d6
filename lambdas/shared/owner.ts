/** The principal that signed a request: the owner of what is made and read. */
import type { APIGatewayProxyEvent } from 'aws-lambda';

/**
 * The principal that the gateway has authenticated: a user, or a role whoever assumes it. The name of a role's session
 * is left out, because its holder chooses it: it protects nothing, and a random one would lose its jobs.
 * @returns undefined when the gateway has authenticated nobody: then nobody may be served.
 */
export function ownerOf({ requestContext }: APIGatewayProxyEvent): string | undefined {
  return requestContext.identity.userArn?.replace(/(:assumed-role\/[^/]+)\/.*$/, '$1');
}
