/** Represents the Lambda handlers that the engine creates, and who limits their time. The type needs no type package in the app. */

/** A handler to export as `handler`. Lambda passes the event and the context. */
export type LambdaHandler = (event: never, context: never) => unknown;

/**
 * Options of middy for functions that run steps: only Lambda ends an invocation that takes too long. Middy would fail it 5 ms
 * earlier with another error, and the instance would continue with the step beside its next invocation.
 */
export const LIMITED_BY_LAMBDA = { timeoutEarlyInMillis: 0 } as const;
