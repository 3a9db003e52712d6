/** A method of an extension, as the MCP server takes it: a schema of its parameters, and a function. */
import {
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type * as z from 'zod';
import type { Caller } from '../shared/caller.ts';

/** The extension's identifier. */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

/** What a request says of its client, beside its parameters; clients of 2025 say nothing. */
export interface ClientRequest {
  /** It is of 2026 or later, which declares with each request what it knows. */
  readonly speaksExtensions: boolean;
  /** It can be answered with a task. */
  readonly takesTasks: boolean;
  readonly elicits: ElicitationModes;
  /** Answers to what it was asked, by key; nobody has looked at them yet. */
  readonly inputResponses: Readonly<Record<string, unknown>>;
}

/** How a client can ask its user. */
export interface ElicitationModes {
  readonly form: boolean;
  /** By having them open a page. */
  readonly url: boolean;
}

/** The SDK checks it, and types it as anything. */
interface Envelope {
  readonly [CLIENT_CAPABILITIES_META_KEY]?: ClientCapabilities;
}

export function clientRequestOf({ mcpReq: { envelope, inputResponses = {} } }: ServerContext): ClientRequest {
  const capabilities = (envelope as Envelope | undefined)?.[CLIENT_CAPABILITIES_META_KEY];
  return {
    speaksExtensions: envelope !== undefined,
    takesTasks: capabilities?.extensions?.[TASKS_EXTENSION] !== undefined,
    elicits: elicitationModes(capabilities?.elicitation),
    inputResponses,
  };
}

/** @param elicitation as the client declares it */
export function elicitationModes(
  elicitation: { readonly form?: unknown; readonly url?: unknown } | undefined,
): ElicitationModes {
  const url = elicitation?.url !== undefined;
  // `elicitation: {}` means forms, as it did before there were URLs.
  return { url, form: elicitation !== undefined && (elicitation.form !== undefined || !url) };
}

export interface ProtocolMethod {
  /** `tasks/…`, `events/…` */
  readonly method: string;
  readonly params: z.ZodObject;
  /**
   * @param params as `params` has parsed them.
   * @param caller as the gateway has found.
   * @throws ProtocolError, whatever went wrong.
   */
  call(params: unknown, caller: Caller, client: ClientRequest): Promise<Record<string, unknown>>;
}
