/** Where downloads may come from: the public https addresses that webhooks may go to. */
import { type AddressPolicy, PUBLIC_ADDRESSES } from '../../shared/http/address-guard.ts';
import { isLoopbackAllowed } from '../../shared/http/address-policy.ts';

export function downloadPolicy(): AddressPolicy {
  return { ...PUBLIC_ADDRESSES, allowLoopback: isLoopbackAllowed() };
}
