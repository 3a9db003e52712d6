/**
 * The MCP server: a fresh one for each request, stateless, the same tools for every revision of the protocol, and to each
 * the methods that it knows of.
 */
import type { CallToolResult, Server, ServerCapabilities } from '@modelcontextprotocol/server';
import { type Caller, requireScope, Scope } from '../shared/caller.ts';
import { callTool, callToolAsTask } from './call-tool.ts';
import { EVENTS_EXTENSION } from './events/event-method.ts';
import { toMethodError } from './method-error.ts';
import { clientRequestOf, type ProtocolMethod, TASKS_EXTENSION } from './protocol-method.ts';
import type { JobResources } from './resources/job-resources.ts';
import { JOB_TEMPLATES } from './resources/job-uri.ts';
import type { TaskJobs } from './tasks/task-jobs.ts';
import { TaskServer } from './tasks/task-server.ts';
import type { Tool } from './tool.ts';

const SERVER_INFO = { name: 'mcp-async-operations', version: '0.1.0' };

const INSTRUCTIONS =
  'Work that takes long runs as a job. A start_ tool answers at once with a job_id; check_job tells how it is doing ' +
  'and, once it has ended, its result. Jobs outlive this connection: list_jobs finds them again.';

/** Five minutes: tools change with a deployment only. */
const TOOL_LIST_HINT = { ttlMs: 300_000, cacheScope: 'public' } as const;

/** The generations of the protocol: clients of 2025 know no extensions, and clients of 2026 no tasks in the core. */
export const Era = { legacy: 'legacy', modern: 'modern' } as const;
export type Era = (typeof Era)[keyof typeof Era];

const CAPABILITIES: Readonly<Record<Era, ServerCapabilities & { readonly events?: object }>> = {
  legacy: { tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } },
  // Events under the name that clients of the draft look for, too.
  modern: { events: {}, extensions: { [TASKS_EXTENSION]: {}, [EVENTS_EXTENSION]: {} } },
};

/** What the server offers. */
export interface Offer {
  readonly tools: readonly Tool[];
  readonly tasks: TaskJobs;
  readonly methods: Readonly<Record<Era, readonly ProtocolMethod[]>>;
  readonly resources: JobResources;
}

export function createServer(offer: Offer, caller: Caller, era: Era): Server {
  const { tools, methods, resources } = offer;
  const server = new TaskServer(SERVER_INFO, {
    capabilities: { tools: {}, resources: {}, ...CAPABILITIES[era] },
    instructions: INSTRUCTIONS,
    cacheHints: { 'tools/list': TOOL_LIST_HINT, 'resources/templates/list': TOOL_LIST_HINT },
  });
  server.setRequestHandler('tools/list', () => ({ tools: tools.map((tool) => listingOf(tool, era)) }));
  server.setRequestHandler('tools/call', async ({ params }, context) => {
    // A handler's type knows of no tasks; the server lets them through.
    const answer: unknown =
      era === Era.legacy && params.task !== undefined
        ? await callToolAsTask(offer, params, caller)
        : await callTool(offer, params, caller, clientRequestOf(context));
    return answer as CallToolResult;
  });
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: [...JOB_TEMPLATES] }));
  server.setRequestHandler('resources/list', ({ params }) =>
    answering('resources/list', caller, () => resources.list(caller.owner, params?.cursor)),
  );
  server.setRequestHandler('resources/read', ({ params: { uri } }) =>
    answering('resources/read', caller, () => resources.read(caller.owner, uri)),
  );
  for (const { method, params, call } of methods[era]) {
    server.setRequestHandler(method, { params }, (given, context) =>
      call(given, caller, clientRequestOf(context)),
    );
  }
  return server;
}

/** With what clients of 2025 look for before they ask for a task. */
function listingOf({ listing, start }: Tool, era: Era): Tool['listing'] {
  return era === Era.legacy && start ? { ...listing, execution: { taskSupport: 'optional' } } : listing;
}

/** @throws ProtocolError */
async function answering<T>(method: string, caller: Caller, answer: () => Promise<T>): Promise<T> {
  try {
    requireScope(caller, Scope.jobsRead);
    return await answer();
  } catch (error) {
    throw toMethodError(method, error);
  }
}
