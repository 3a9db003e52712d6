/** Reads the owner from a request that IAM authenticated. */
import type { APIGatewayProxyEvent } from 'aws-lambda';

/**
 * Returns the ARN of the IAM user or role. It omits the session name of a role, which the holder chooses: the name protects
 * nothing, and a random name would lose the holder's jobs. A federated user is only a chosen name, so it is not an owner.
 * @returns undefined when the gateway authenticated no distinguishable principal. Reject the request then.
 */
export function ownerOf({ requestContext }: APIGatewayProxyEvent): string | undefined {
  const { userArn } = requestContext.identity;
  if (userArn?.includes(':federated-user/')) return undefined;
  return userArn?.replace(/(:assumed-role\/[^/]+)\/.*$/, '$1');
}
