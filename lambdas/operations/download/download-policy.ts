/** Where downloads may come from: the public https addresses that webhooks may go to. */
import { type AddressPolicy, isLoopbackAllowed, PUBLIC_ADDRESSES } from 'mcp-async-operations/steps';

export function downloadPolicy(): AddressPolicy {
  return { ...PUBLIC_ADDRESSES, allowLoopback: isLoopbackAllowed() };
}
