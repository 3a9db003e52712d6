/** Where downloads may come from: the public https addresses that webhooks may go to. */
import { type AddressPolicy, PUBLIC_ADDRESSES } from '../../webhooks/address-guard.ts';
import { isLoopbackAllowed } from '../../webhooks/address-policy.ts';

export function downloadPolicy(): AddressPolicy {
  return { ...PUBLIC_ADDRESSES, allowLoopback: isLoopbackAllowed() };
}
