/** Defines the CDK context key that the local cloud sets when it synthesizes an app. */

/** Its value is the context that `readAuthorization` reads. Without the key, the app is synthesized for AWS. */
export const LOCAL_CONTEXT = 'mcp-async-operations:local';
