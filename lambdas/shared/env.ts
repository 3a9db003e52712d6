/** Names the environment variables that constructs set and functions read. */

export const Env = {
  /** `true` only in the local cloud, by an option; no construct sets it. */
  allowLoopbackWebhooks: 'ALLOW_LOOPBACK_WEBHOOKS',
  /** URLs of the APIs that the operator allows, by name, as JSON. */
  apiRoots: 'API_ROOTS',
  /** Public URL of the API, without a trailing slash. */
  apiUrl: 'API_URL',
  /** `x86_64` for a function that does not run on arm64, which costs less. */
  architecture: 'ARCHITECTURE',
  /** Accepted `aud` values of tokens, separated by spaces. */
  audiences: 'AUTH_AUDIENCES',
  /** `CanarySettings` as JSON. */
  canary: 'CANARY',
  canaryTableName: 'CANARY_TABLE_NAME',
  /** Names of the MCP extensions of authorization that the identity provider supports, separated by spaces. */
  authorizationExtensions: 'AUTH_EXTENSIONS',
  /** Clients whose tokens may lack `aud`, separated by spaces; empty: every token needs one. */
  clientIds: 'AUTH_CLIENT_IDS',
  /** How the console signs in: the response of `GET /console/config` as JSON. */
  consoleSignIn: 'CONSOLE_SIGN_IN',
  /** URLs of the dead-letter queues by name, as JSON. */
  deadLetterQueues: 'DEAD_LETTER_QUEUES',
  deliveriesTableName: 'DELIVERIES_TABLE_NAME',
  deliveryDeadLetterQueueUrl: 'DELIVERY_DEAD_LETTER_QUEUE_URL',
  deliveryQueueUrl: 'DELIVERY_QUEUE_URL',
  /** Batches of deliveries of one owner that may be sent at once. */
  deliverySlots: 'DELIVERY_SLOTS',
  endpointsTableName: 'ENDPOINTS_TABLE_NAME',
  eventDeadLetterQueueUrl: 'EVENT_DEAD_LETTER_QUEUE_URL',
  eventRetryQueueUrl: 'EVENT_RETRY_QUEUE_URL',
  eventsTopicArn: 'EVENTS_TOPIC_ARN',
  /** Names of external state machines by operation, as JSON. */
  externalStateMachines: 'EXTERNAL_STATE_MACHINES',
  /** Name of the function of an operation, up to the operation's name. */
  functionNamePrefix: 'FUNCTION_NAME_PREFIX',
  /** `JobLimits` as JSON. */
  jobLimits: 'JOB_LIMITS',
  /** `iss` of the identity provider whose tokens are accepted. */
  issuer: 'AUTH_ISSUER',
  jobsTableName: 'JOBS_TABLE_NAME',
  /** Name of the operation whose steps a runner runs. */
  operationName: 'OPERATION_NAME',
  /** ARNs of the IAM users and roles that are operators, separated by spaces. */
  operators: 'OPERATORS',
  /** Claim of an access token that makes its holder an operator; empty: the scope `jobs:operate` is enough. */
  operatorClaim: 'AUTH_OPERATOR_CLAIM',
  /** Value of that claim, or one of its values. */
  operatorValue: 'AUTH_OPERATOR_VALUE',
  /** Tables that operations may change, separated by commas. */
  operatorTables: 'OPERATOR_TABLES',
  /** `true` to publish `job.progress` to the topic of events too. */
  progressToTopic: 'PROGRESS_TO_TOPIC',
  /** ARN of the secret that seals the tokens of reports. */
  reportsSecretArn: 'REPORTS_SECRET_ARN',
  /** Where sandboxes post their reports. */
  reportsUrl: 'REPORTS_URL',
  /** Seconds between the attempts of a webhook delivery, separated by commas. */
  retrySeconds: 'WEBHOOK_RETRY_SECONDS',
  /** Versions of the sandboxes of an operation: a JSON object of ARNs by memory in MiB. */
  sandboxFunctionArns: 'SANDBOX_FUNCTION_ARNS',
  /** Prefix that the identity provider adds to scopes. */
  scopePrefix: 'AUTH_SCOPE_PREFIX',
  /** What differs from the defaults of `CardIdentity`, as JSON; `null`: the operator publishes no card. */
  serverCard: 'SERVER_CARD',
  /** What differs from the defaults of `ServerIdentity`, as JSON. */
  serverIdentity: 'SERVER_IDENTITY',
  sealingSecretArn: 'SEALING_SECRET_ARN',
  signingSecretArn: 'SIGNING_SECRET_ARN',
  slotsTableName: 'SLOTS_TABLE_NAME',
  /** ARN of the state machine of an operation, up to the operation's name. */
  stateMachineArnPrefix: 'STATE_MACHINE_ARN_PREFIX',
  /** Claim whose value identifies the owner, such as a tenant; empty: every user is an owner. */
  tenantClaim: 'AUTH_TENANT_CLAIM',
  executionQueueUrl: 'EXECUTION_QUEUE_URL',
  sweepsTableName: 'SWEEPS_TABLE_NAME',
  /** Ports that webhooks may use, separated by commas. */
  webhookPorts: 'WEBHOOK_PORTS',
  workspaceBucketName: 'WORKSPACE_BUCKET_NAME',
} as const;

/** Environment variables for the steps of operations. */
export const StepEnv = {
  /** URLs of the APIs that the operator allows, by name, as JSON. */
  apiRoots: Env.apiRoots,
  /** Tables that the operator allows to change, separated by commas. */
  operatorTables: Env.operatorTables,
} as const;

/** @returns the ARN of an operation's state machine, also of an operation that this deployment does not have */
export function stateMachineArn(operation: string): string {
  const prefix = requiredEnv(Env.stateMachineArnPrefix);
  const external = JSON.parse(process.env[Env.externalStateMachines] ?? '{}') as Record<string, string>;
  return Object.hasOwn(external, operation)
    ? `${prefix.slice(0, prefix.lastIndexOf(':'))}:${external[operation]}`
    : `${prefix}${operation}`;
}

/** @returns the name of the function that runs the steps of an operation */
export function functionName(operation: string): string {
  return `${requiredEnv(Env.functionNamePrefix)}${operation}`;
}

/** @returns the region of this function; '' outside of Lambda */
export function region(): string {
  return process.env.AWS_REGION ?? '';
}

/**
 * Reads an environment variable that must be set.
 * @throws Error when the variable is not set or empty
 */
export function requiredEnv(name: string): string {
  const value = process.env[name];
  if (!value)
    throw new Error(`Environment variable ${name} is not set. Add the construct or grant that sets it.`);
  return value;
}
