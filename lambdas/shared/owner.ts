/** The principal that signed a request: the owner of what is made and read. */
import type { APIGatewayProxyEvent } from 'aws-lambda';

/**
 * The principal that the gateway has authenticated: a user, or a role whoever assumes it. The name of a role's session
 * is left out, because its holder chooses it: it protects nothing, and a random one would lose its jobs. A federated user
 * is nothing but such a name, of whoever has asked for it.
 * @returns undefined when the gateway has authenticated nobody who can be told apart: then nobody may be served.
 */
export function ownerOf({ requestContext }: APIGatewayProxyEvent): string | undefined {
  const { userArn } = requestContext.identity;
  if (userArn?.includes(':federated-user/')) return undefined;
  return userArn?.replace(/(:assumed-role\/[^/]+)\/.*$/, '$1');
}
