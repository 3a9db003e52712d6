/** Where this deployment lets webhooks go. */
import { Env, requiredEnv } from '../env.ts';
import type { AddressPolicy } from './address-guard.ts';

export function addressPolicy(): AddressPolicy {
  return {
    ports: requiredEnv(Env.webhookPorts).split(',').map(Number),
    allowLoopback: isLoopbackAllowed(),
  };
}

/** Never on Lambda, whose own interface listens there, whatever the variable says. */
export function isLoopbackAllowed(): boolean {
  const isOnLambda = process.env.AWS_LAMBDA_RUNTIME_API !== undefined;
  return process.env[Env.allowLoopbackWebhooks] === 'true' && !isOnLambda;
}
