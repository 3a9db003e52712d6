/**
 * The MCP server: a fresh one for each request, stateless, the same tools for every revision of the protocol; events only
 * for those that know of extensions.
 */
import {
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type ServerCapabilities,
} from '@modelcontextprotocol/server';
import { type Caller, requireScope, Scope } from '../shared/caller.ts';
import { AppError, ErrorCode } from '../shared/errors.ts';
import { toProtocolError } from './events/errors.ts';
import { EVENTS_EXTENSION, type EventMethod } from './events/event-method.ts';
import type { JobResources } from './resources/job-resources.ts';
import { JOB_TEMPLATES } from './resources/job-uri.ts';
import { type Tool, toErrorResult, toResult } from './tool.ts';

const SERVER_INFO = { name: 'mcp-async-operations', version: '0.1.0' };

const INSTRUCTIONS =
  'Work that takes long runs as a job. A start_ tool answers at once with a job_id; check_job tells how it is doing ' +
  'and, once it has ended, its result. Jobs outlive this connection: list_jobs finds them again.';

/** Five minutes: tools change with a deployment only. */
const TOOL_LIST_HINT = { ttlMs: 300_000, cacheScope: 'public' } as const;

/** Under the name that clients of the draft look for, and as the extension that it is to become. */
const EVENT_CAPABILITIES = {
  events: {},
  extensions: { [EVENTS_EXTENSION]: {} },
} satisfies ServerCapabilities & { readonly events: object };

/** What the server offers. */
export interface Offer {
  readonly tools: readonly Tool[];
  /** None: events are not offered. */
  readonly eventMethods: readonly EventMethod[];
  readonly resources: JobResources;
}

export function createServer({ tools, eventMethods, resources }: Offer, caller: Caller): Server {
  const server = new Server(SERVER_INFO, {
    capabilities: { tools: {}, resources: {}, ...(eventMethods.length > 0 && EVENT_CAPABILITIES) },
    instructions: INSTRUCTIONS,
    cacheHints: { 'tools/list': TOOL_LIST_HINT, 'resources/templates/list': TOOL_LIST_HINT },
  });
  server.setRequestHandler('tools/list', () => ({ tools: tools.map(({ listing }) => listing) }));
  server.setRequestHandler('tools/call', async ({ params }) => {
    const tool = tools.find(({ listing }) => listing.name === params.name);
    if (!tool) {
      const names = tools.map(({ listing }) => listing.name).join(', ');
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        `There is no tool "${params.name}". There are: ${names}.`,
      );
    }
    try {
      return toResult(await tool.call(params.arguments, caller));
    } catch (error) {
      if (!(error instanceof AppError)) return toErrorResult(unexpected(params.name, error));
      const { code, cause } = error;
      if (cause) console.warn({ message: 'A tool failed', tool: params.name, code, cause });
      return toErrorResult(error);
    }
  });
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: [...JOB_TEMPLATES] }));
  server.setRequestHandler('resources/list', ({ params }) =>
    answering('resources/list', caller, () => resources.list(caller.owner, params?.cursor)),
  );
  server.setRequestHandler('resources/read', ({ params: { uri } }) =>
    answering('resources/read', caller, () => resources.read(caller.owner, uri)),
  );
  for (const { method, params, call } of eventMethods) {
    server.setRequestHandler(method, { params }, async (given) => {
      try {
        return await call(given, caller);
      } catch (error) {
        throw toProtocolError(method, error);
      }
    });
  }
  return server;
}

/** @throws ProtocolError in the words of the AppError */
async function answering<T>(method: string, caller: Caller, answer: () => Promise<T>): Promise<T> {
  try {
    requireScope(caller, Scope.jobsRead);
    return await answer();
  } catch (error) {
    if (!(error instanceof AppError)) {
      console.error({ message: 'A method failed unexpectedly', method, error });
      throw new ProtocolError(
        ProtocolErrorCode.InternalError,
        `${method} failed on our side. Call it again; if it fails again, tell the operator.`,
      );
    }
    const { code, message, details } = error;
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, message, { code, ...details });
  }
}

function unexpected(tool: string, error: unknown): AppError {
  console.error({ message: 'A tool failed unexpectedly', tool, error });
  return new AppError(
    ErrorCode.internal,
    `${tool} failed on our side. Call it again; if it fails again, tell the operator.`,
    {
      retryable: true,
    },
  );
}
