/**
 * Remembers what a client of 2025 declares when it initializes. The server keeps no sessions: the session id itself contains
 * what the client can show and ask its user, and the client repeats it. An id grants nothing, so it needs no signature.
 */
import { randomUUID } from 'node:crypto';
import { showsApps } from './apps/job-card.ts';
import { type ElicitationModes, elicitationModes } from './protocol-method.ts';

export const SESSION_HEADER = 'mcp-session-id';

const APPS = 'ui';

/** @returns the id for an `initialize` request; undefined for other requests, and for a client without these capabilities */
export function sessionIdFor(body: unknown): string | undefined {
  const { method, params } = Object(body);
  if (method !== 'initialize') return undefined;
  const { capabilities } = Object(params);
  const { elicitation } = Object(capabilities);
  const asks = typeof elicitation === 'object' && elicitation !== null ? elicitationModes(elicitation) : {};
  const parts = Object.entries({ ...asks, [APPS]: showsApps(capabilities) });
  const known = parts.flatMap(([part, can]) => (can ? [part] : []));
  return known.length > 0 ? [randomUUID(), ...known].join('.') : undefined;
}

/** Returns how a client can ask its user, by the id that it sends. */
export function elicitsOf(sessionId: string | null): ElicitationModes {
  const parts = partsOf(sessionId);
  return { form: parts.includes('form'), url: parts.includes('url') };
}

/** Returns whether a client shows pages of MCP Apps, by the id that it sends. */
export function showsAppsBy(sessionId: string | null): boolean {
  return partsOf(sessionId).includes(APPS);
}

function partsOf(sessionId: string | null): readonly string[] {
  return (sessionId ?? '').split('.');
}
