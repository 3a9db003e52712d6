/** Where this deployment lets webhooks go. */
import { Env, requiredEnv } from '../shared/env.ts';
import type { AddressPolicy } from './address-guard.ts';

/** Loopback is never allowed on Lambda, whose own interface listens there, whatever the variable says. */
export function addressPolicy(): AddressPolicy {
  const isOnLambda = process.env.AWS_LAMBDA_RUNTIME_API !== undefined;
  return {
    ports: requiredEnv(Env.webhookPorts).split(',').map(Number),
    allowLoopback: process.env[Env.allowLoopbackWebhooks] === 'true' && !isOnLambda,
  };
}
