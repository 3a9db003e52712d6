/**
 * Remembers what a client of 2025 declares when it initializes. The server keeps no sessions: the session id itself contains
 * how the client can ask its user, and the client repeats it. An id grants nothing, so it needs no signature.
 */
import { randomUUID } from 'node:crypto';
import { type ElicitationModes, elicitationModes } from './protocol-method.ts';

export const SESSION_HEADER = 'mcp-session-id';

/** @returns the id for an `initialize` request; undefined for other requests, and for a client that asks its user nothing */
export function sessionIdFor(body: unknown): string | undefined {
  const { method, params } = Object(body);
  if (method !== 'initialize') return undefined;
  const { elicitation } = Object(Object(params).capabilities);
  if (typeof elicitation !== 'object' || elicitation === null) return undefined;
  const modes = Object.entries(elicitationModes(elicitation)).flatMap(([mode, can]) => (can ? [mode] : []));
  return [randomUUID(), ...modes].join('.');
}

/** Returns how a client can ask its user, by the id that it sends. */
export function elicitsOf(sessionId: string | null): ElicitationModes {
  const modes = (sessionId ?? '').split('.');
  return { form: modes.includes('form'), url: modes.includes('url') };
}
