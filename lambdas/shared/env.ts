/** The environment variables that constructs set and functions read: named once, for both. */

export const Env = {
  /** `true` in the local cloud alone, by an option of its own: no construct sets it. */
  allowLoopbackWebhooks: 'ALLOW_LOOPBACK_WEBHOOKS',
  deliveriesTableName: 'DELIVERIES_TABLE_NAME',
  deliveryDeadLetterQueueUrl: 'DELIVERY_DEAD_LETTER_QUEUE_URL',
  deliveryQueueUrl: 'DELIVERY_QUEUE_URL',
  endpointsTableName: 'ENDPOINTS_TABLE_NAME',
  eventsTopicArn: 'EVENTS_TOPIC_ARN',
  jobsTableName: 'JOBS_TABLE_NAME',
  /** Seconds before each attempt of a delivery, separated by commas. */
  retrySeconds: 'WEBHOOK_RETRY_SECONDS',
  signingSecretArn: 'SIGNING_SECRET_ARN',
  /** The ports that webhooks may go to, separated by commas. */
  webhookPorts: 'WEBHOOK_PORTS',
  workspaceBucketName: 'WORKSPACE_BUCKET_NAME',
} as const;

/** By which a machine tells programs how to reach the network: proxies, certificates, the package registry. */
export const NETWORK_VARIABLES = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'NODE_EXTRA_CA_CERTS',
  'npm_config_registry',
] as const;

/** The variable that holds the ARN of an operation's state machine. */
export function stateMachineArnEnv(operation: string): string {
  return `STATE_MACHINE_ARN_${operation.toUpperCase()}`;
}

/** @throws Error when the variable is not set: a grant is missing in the stack. */
export function requiredEnv(name: string): string {
  const value = process.env[name];
  if (!value)
    throw new Error(`Environment variable ${name} is not set: the construct that grants it was left out.`);
  return value;
}
