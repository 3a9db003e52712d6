/** Reads the address policy of webhooks from the environment. */
import { Env, requiredEnv } from '../env.ts';
import type { AddressPolicy } from './address-guard.ts';

export function addressPolicy(): AddressPolicy {
  return {
    ports: requiredEnv(Env.webhookPorts).split(',').map(Number),
    allowLoopback: isLoopbackAllowed(),
  };
}

/**
 * Tells whether loopback addresses are allowed, as in the local cloud.
 * @returns always false on Lambda, whose runtime interface listens on a loopback address
 */
export function isLoopbackAllowed(): boolean {
  const isOnLambda = process.env.AWS_LAMBDA_RUNTIME_API !== undefined;
  return process.env[Env.allowLoopbackWebhooks] === 'true' && !isOnLambda;
}
