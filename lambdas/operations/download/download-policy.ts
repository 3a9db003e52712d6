/** Defines the address policy of downloads: public https addresses, as for webhooks. */
import { type AddressPolicy, isLoopbackAllowed, PUBLIC_ADDRESSES } from 'mcp-async-operations/steps';

export function downloadPolicy(): AddressPolicy {
  return { ...PUBLIC_ADDRESSES, allowLoopback: isLoopbackAllowed() };
}
