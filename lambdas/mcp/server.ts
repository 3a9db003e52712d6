/**
 * Creates the MCP server: a stateless one for each request. Every protocol revision has the same tools, and the methods of
 * its era.
 */
import type { CallToolResult, Server, ServerCapabilities, ServerContext } from '@modelcontextprotocol/server';
import type { OwnerSlots } from '../shared/aws/owner-slots.ts';
import { type Caller, requireScopes, Scope } from '../shared/caller.ts';
import type { ServerIdentity } from '../shared/server-identity.ts';
import {
  APPS_EXTENSION,
  CARD_RESOURCE,
  CARD_TOOL_META,
  CARD_URI,
  cardContents,
  showsApps,
} from './apps/job-card.ts';
import { callTool, callToolAsTask } from './call-tool.ts';
import { EVENTS_EXTENSION } from './events/event-method.ts';
import { toMethodError } from './method-error.ts';
import {
  clientRequestOf,
  declaredCapabilities,
  type ProtocolMethod,
  TASKS_EXTENSION,
} from './protocol-method.ts';
import type { JobResources } from './resources/job-resources.ts';
import { JOB_TEMPLATES } from './resources/job-uri.ts';
import { SESSION_HEADER, showsAppsBy } from './session.ts';
import type { TaskJobs } from './tasks/task-jobs.ts';
import { TaskServer } from './tasks/task-server.ts';
import type { Tool } from './tool.ts';

const INSTRUCTIONS =
  'Long work runs as a job. Its tool returns a job_id at once; check_job returns its progress and, once it has ended, its ' +
  'result. Jobs outlive this connection: list_jobs finds them. job_options are rarely needed: a repeated call with the same ' +
  'idempotency_key returns the same job, retention_seconds keeps it after its end, and callback_url gets a signed webhook of ' +
  'callback_events.';

/** Five minutes. Tools and pages change only with a deployment. What they depend on is part of the request. */
const DEPLOYED_HINT = { ttlMs: 300_000, cacheScope: 'public' } as const;

/** The eras of the protocol: 2025 (`legacy`) has tasks in its core, 2026 (`modern`) has extensions. */
export const ProtocolEra = { legacy: 'legacy', modern: 'modern' } as const;
export type ProtocolEra = (typeof ProtocolEra)[keyof typeof ProtocolEra];

const CAPABILITIES: Readonly<Record<ProtocolEra, ServerCapabilities & { readonly events?: object }>> = {
  legacy: {
    tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
    // SEP-3415 defines the extension for 2026. Its methods need nothing that clients of 2025 lack, so they are told too.
    extensions: { [EVENTS_EXTENSION]: {} },
  },
  // `events` also stands where the design sketch had it: `@ai-sdk/mcp` 2.0.99 and ChatGPT look there.
  modern: {
    events: {},
    extensions: {
      [TASKS_EXTENSION]: {},
      [EVENTS_EXTENSION]: {},
      [APPS_EXTENSION]: {},
    },
  },
};

/** How the server introduces itself, and the tools, methods and resources that it offers. */
export interface ServerFeatures {
  readonly identity: ServerIdentity;
  /**
   * Names of the extensions of authorization that the identity provider supports (ext-auth, "Advertise support"). The authorizer
   * checks issuer, audience and scopes of each token, so they need nothing else here.
   */
  readonly authorizationExtensions: readonly string[];
  readonly tools: readonly Tool[];
  readonly tasks: TaskJobs;
  readonly waits: OwnerSlots;
  readonly methods: Readonly<Record<ProtocolEra, readonly ProtocolMethod[]>>;
  readonly resources: JobResources;
  /** Returns the page that shows a job in the conversation. */
  readonly readCard: () => Promise<string>;
}

/** @param acceptsStream the client accepts a stream as the response */
export function createServer(
  features: ServerFeatures,
  caller: Caller,
  era: ProtocolEra,
  acceptsStream: boolean,
): Server {
  const { identity, tools, methods, resources, readCard } = features;
  const server = new TaskServer(identity, {
    capabilities: capabilitiesOf(features, era),
    instructions: INSTRUCTIONS,
    cacheHints: { 'tools/list': DEPLOYED_HINT, 'resources/templates/list': DEPLOYED_HINT },
  });
  server.setRequestHandler('tools/list', (_, context) => {
    const withCard = hostShowsApps(context);
    return { tools: tools.map((tool) => listingOf(tool, era, withCard)) };
  });
  server.setRequestHandler('tools/call', async ({ params }, context) => {
    // The SDK's handler type excludes tasks; `TaskServer` passes them through.
    const result: unknown =
      era === ProtocolEra.legacy && params.task !== undefined
        ? await callToolAsTask(features, params, caller)
        : await callTool(features, params, caller, clientRequestOf(context, acceptsStream));
    return result as CallToolResult;
  });
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: [...JOB_TEMPLATES] }));
  server.setRequestHandler('resources/list', async ({ params }, context) => {
    const cursor = params?.cursor;
    const list = () => resources.list(caller.owner, cursor);
    const { resources: listed, ...more } = await readingJobs('resources/list', caller, list);
    const withCard = cursor === undefined && hostShowsApps(context);
    return { resources: withCard ? [CARD_RESOURCE, ...listed] : listed, ...more };
  });
  server.setRequestHandler('resources/read', async ({ params: { uri } }) => {
    if (uri !== CARD_URI)
      return readingJobs('resources/read', caller, () => resources.read(caller.owner, uri));
    // The page has no data, so it needs no scope.
    return { ...cardContents(await readCard()), ...(era === ProtocolEra.modern && DEPLOYED_HINT) };
  });
  for (const { method, params, call } of methods[era]) {
    server.setRequestHandler(method, { params }, (parsed, context) =>
      call(parsed, caller, clientRequestOf(context, acceptsStream)),
    );
  }
  return server;
}

function capabilitiesOf({ authorizationExtensions }: ServerFeatures, era: ProtocolEra): ServerCapabilities {
  const { extensions, ...others } = CAPABILITIES[era];
  const names = era === ProtocolEra.modern ? authorizationExtensions : [];
  const ofAuthorization = Object.fromEntries(names.map((name) => [`io.modelcontextprotocol/${name}`, {}]));
  return { tools: {}, resources: {}, ...others, extensions: { ...extensions, ...ofAuthorization } };
}

/** Whether the client is a host that shows pages: one of 2026 declares it here, one of 2025 did when it initialized. */
function hostShowsApps({ mcpReq, http }: ServerContext): boolean {
  const capabilities = declaredCapabilities(mcpReq);
  return capabilities ? showsApps(capabilities) : showsAppsBy(http?.req?.headers.get(SESSION_HEADER) ?? null);
}

/** Returns the listing of a tool. Clients of 2025 look for `taskSupport` before they ask for a task. */
function listingOf(
  { listing, start, showsCard }: Tool,
  era: ProtocolEra,
  withCard: boolean,
): Tool['listing'] {
  return {
    ...listing,
    ...(era === ProtocolEra.legacy && start && { execution: { taskSupport: 'optional' } }),
    ...(withCard && showsCard && { _meta: CARD_TOOL_META }),
  };
}

/** @throws ProtocolError, also when the caller lacks the scope `jobs:read` */
async function readingJobs<T>(method: string, caller: Caller, read: () => Promise<T>): Promise<T> {
  try {
    requireScopes(caller, [Scope.jobsRead]);
    return await read();
  } catch (error) {
    throw toMethodError(method, error);
  }
}
