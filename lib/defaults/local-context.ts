/** Names the CDK context key by which the local cloud asks an app for what runs on this machine. */

/** Its value says who may call: the context of `readAuthorization`. Without it, the app is synthesized for AWS. */
export const LOCAL_CONTEXT = 'mcp-async-operations:local';
