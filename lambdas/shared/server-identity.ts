/** Represents how the server introduces itself: to clients that connect, and to those that only read its card. */

/**
 * The `serverInfo` of the MCP endpoint. The stack gives the card the same, so that both agree: SEP-2127, discovery.md,
 * "Consistency with Runtime Behavior".
 */
export interface ServerIdentity {
  /** The part of the card's name after the slash. */
  readonly name: string;
  /** Display name. */
  readonly title: string;
  readonly version: string;
}

/** What the card says besides. */
export interface CardIdentity extends ServerIdentity {
  /** The part of the card's name before the slash, in reverse-DNS form. @default the host name of the API, reversed */
  readonly namespace?: string;
  /** What the server does, in at most 100 characters. */
  readonly description: string;
  readonly websiteUrl?: string;
}

/** Here and not in the environment, which has room for little. A test compares the version with package.json. */
const DEFAULTS: ServerIdentity = {
  name: 'mcp-async-operations',
  title: 'Async Operations',
  version: '0.2.0',
};
const DESCRIPTION = 'Runs long operations as durable jobs.';

/** @param text a part of a `ServerIdentity`, as JSON */
export function readIdentity(text = '{}'): ServerIdentity {
  return { ...DEFAULTS, ...JSON.parse(text) };
}

/** @param text a part of a `CardIdentity`, as JSON. @returns undefined for `null`: the operator publishes no card */
export function readCard(text = '{}'): CardIdentity | undefined {
  const given: Partial<CardIdentity> | null = JSON.parse(text);
  return given ? { ...DEFAULTS, description: DESCRIPTION, ...given } : undefined;
}

/** Protocol versions that the MCP endpoint serves, the newest first. A test compares them with the endpoint. */
export const PROTOCOL_VERSIONS = [
  '2026-07-28',
  '2025-11-25',
  '2025-06-18',
  '2025-03-26',
  '2024-11-05',
  '2024-10-07',
] as const;
