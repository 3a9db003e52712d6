/** The environment variables that constructs set and functions read: named once, for both. */

export const Env = {
  /** `true` in the local cloud alone, by an option of its own: no construct sets it. */
  allowLoopbackWebhooks: 'ALLOW_LOOPBACK_WEBHOOKS',
  /** Where the APIs are that the operator has allowed to be called: URLs by name, as JSON. */
  apiRoots: 'API_ROOTS',
  /** Where callers find the API, without a slash at its end. */
  apiUrl: 'API_URL',
  /** Which `aud` a token may have, separated by spaces. */
  audiences: 'AUTH_AUDIENCES',
  /** The only clients whose tokens may have no `aud`, separated by spaces; empty: every token must have one. */
  clientIds: 'AUTH_CLIENT_IDS',
  deliveriesTableName: 'DELIVERIES_TABLE_NAME',
  deliveryDeadLetterQueueUrl: 'DELIVERY_DEAD_LETTER_QUEUE_URL',
  deliveryQueueUrl: 'DELIVERY_QUEUE_URL',
  endpointsTableName: 'ENDPOINTS_TABLE_NAME',
  eventDeadLetterQueueUrl: 'EVENT_DEAD_LETTER_QUEUE_URL',
  eventsTopicArn: 'EVENTS_TOPIC_ARN',
  /** `JobLimits` as JSON. */
  jobLimits: 'JOB_LIMITS',
  /** The one identity provider whose tokens are taken; as it spells itself in `iss`. */
  issuer: 'AUTH_ISSUER',
  jobsTableName: 'JOBS_TABLE_NAME',
  /** Which operation a runner of steps is for. */
  operationName: 'OPERATION_NAME',
  /** The tables that the operator has allowed to be changed, separated by commas. */
  operatorTables: 'OPERATOR_TABLES',
  /** Seconds between the attempts of a delivery, separated by commas. */
  retrySeconds: 'WEBHOOK_RETRY_SECONDS',
  sandboxFunctionArn: 'SANDBOX_FUNCTION_ARN',
  /** What the identity provider puts in front of our scopes. */
  scopePrefix: 'AUTH_SCOPE_PREFIX',
  sealingSecretArn: 'SEALING_SECRET_ARN',
  signingSecretArn: 'SIGNING_SECRET_ARN',
  /** The claim whose value owners share; empty: every user is an owner. */
  tenantClaim: 'AUTH_TENANT_CLAIM',
  /** The ports that webhooks may go to, separated by commas. */
  webhookPorts: 'WEBHOOK_PORTS',
  workspaceBucketName: 'WORKSPACE_BUCKET_NAME',
} as const;

/** The variables of an operation's function that its steps read. */
export const StepEnv = {
  /** The APIs that the operator allows to be called: URLs by name, as JSON. */
  apiRoots: Env.apiRoots,
  /** The tables that the operator allows to be changed, separated by commas. */
  operatorTables: Env.operatorTables,
} as const;

/** The variable that holds the ARN of an operation's state machine. */
export function stateMachineArnEnv(operation: string): string {
  return `STATE_MACHINE_ARN_${operation.toUpperCase()}`;
}

/** The variable that holds the ARN of the function that is called for an operation's result. */
export function callArnEnv(operation: string): string {
  return `CALL_ARN_${operation.toUpperCase()}`;
}

/** @throws Error when the variable is not set: a grant is missing in the stack. */
export function requiredEnv(name: string): string {
  const value = process.env[name];
  if (!value)
    throw new Error(`Environment variable ${name} is not set: the construct that grants it was left out.`);
  return value;
}
