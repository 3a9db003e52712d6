/** Calls a handler of the management API as API Gateway does, without a gateway. */
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';

type Handler = (
  event: APIGatewayProxyEvent,
  context: Context,
  options: { readonly signal: AbortSignal },
) => Promise<unknown>;

/** @param userArn of the caller; null for none. @returns the response with its JSON parsed */
export async function callHandler(
  handler: Handler,
  event: Partial<APIGatewayProxyEvent>,
  userArn: string | null = 'arn',
) {
  const result = (await handler(
    { requestContext: { identity: { userArn } }, ...event } as APIGatewayProxyEvent,
    { getRemainingTimeInMillis: () => 29_000 } as Context,
    { signal: new AbortController().signal },
  )) as APIGatewayProxyResult;
  return { status: result.statusCode, headers: result.headers, data: JSON.parse(result.body) };
}
