/** Represents the Lambda handlers that the engine creates. The type needs no type package in the app. */

/** A handler to export as `handler`. Lambda passes the event and the context. */
export type LambdaHandler = (event: never, context: never) => unknown;
