/** Declares a protocol method, and reads what a request says about its client. */
import {
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type * as z from 'zod';
import type { Caller } from '../shared/caller.ts';
import { CallProgress, type OnProgress } from './progress.ts';

/** Identifier of the tasks extension. */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

const PROTOCOL_VERSION = 'mcp-protocol-version';
const OLDEST_REVISION = '2024-11-05';

/** What a request declares about its client besides its parameters. Clients of 2025 declare nothing. */
export interface ClientRequest {
  /** True for clients of 2026 or later, which declare their capabilities with each request. */
  readonly supportsExtensions: boolean;
  /** The client accepts a task as the result of a call. */
  readonly supportsTasks: boolean;
  /** The client accepts audio: its revision is 2025-03-26 or later. */
  readonly acceptsAudio: boolean;
  readonly elicits: ElicitationModes;
  /** Answers to input requests by key, not yet validated. */
  readonly inputResponses: Readonly<Record<string, unknown>>;
  /** Reports the progress of a waiting call; absent when the client asks for none. */
  readonly onProgress?: OnProgress;
}

/** The ways in which a client can ask its user. */
export interface ElicitationModes {
  readonly form: boolean;
  /** The user opens a page. */
  readonly url: boolean;
}

/** The SDK validates the envelope but types it as unknown. */
interface Envelope {
  readonly [CLIENT_CAPABILITIES_META_KEY]?: ClientCapabilities;
}

/** @param acceptsStream the response may be a stream; a response in JSON has no room for notifications */
export function clientRequestOf({ mcpReq, http }: ServerContext, acceptsStream: boolean): ClientRequest {
  const { envelope, inputResponses = {} } = mcpReq;
  const capabilities = declaredCapabilities(mcpReq);
  return {
    supportsExtensions: envelope !== undefined,
    supportsTasks: capabilities?.extensions?.[TASKS_EXTENSION] !== undefined,
    // Clients name their revision since 2025-06-18. Others may have negotiated 2024-11-05, which has no audio.
    acceptsAudio: (http?.req?.headers.get(PROTOCOL_VERSION) ?? OLDEST_REVISION) > OLDEST_REVISION,
    elicits: elicitationModes(capabilities?.elicitation),
    inputResponses,
    ...(acceptsStream && { onProgress: onProgressOf(mcpReq) }),
  };
}

/** Returns what a client of 2026 declares with its request; undefined for clients of 2025. */
export function declaredCapabilities({ envelope }: ServerContext['mcpReq']): ClientCapabilities | undefined {
  return (envelope as Envelope | undefined)?.[CLIENT_CAPABILITIES_META_KEY];
}

function onProgressOf({ _meta, notify }: ServerContext['mcpReq']): OnProgress | undefined {
  if (_meta?.progressToken === undefined) return undefined;
  const progress = new CallProgress(_meta.progressToken);
  return (state) => {
    const notification = progress.next(state);
    // A client that has left receives nothing.
    if (notification) void notify(notification).catch(() => {});
  };
}

/** @param elicitation the capability that the client declares */
export function elicitationModes(
  elicitation: { readonly form?: unknown; readonly url?: unknown } | undefined,
): ElicitationModes {
  const url = elicitation?.url !== undefined;
  // `elicitation: {}` means forms: it predates URLs.
  return { url, form: elicitation !== undefined && (elicitation.form !== undefined || !url) };
}

/** A method beside those of the SDK: a schema of its parameters, and a function. */
export interface ProtocolMethod {
  /** `tasks/…`, `events/…` */
  readonly method: string;
  readonly params: z.ZodObject;
  /**
   * @param params the output of the schema `params`
   * @param caller the caller that the gateway authenticated
   * @throws ProtocolError for every failure
   */
  call(params: unknown, caller: Caller, client: ClientRequest): Promise<Record<string, unknown>>;
  /** Responds with a stream instead of the result, once `call` has accepted the request. */
  readonly openStream?: (request: StreamRequest, caller: Caller) => Promise<Response>;
}

/** A request whose response is a stream. */
export interface StreamRequest {
  readonly id: string | number;
  /** The output of the method's schema. */
  readonly params: unknown;
  /** Epoch milliseconds; the stream ends before then. */
  readonly endsAtMs: number;
}
