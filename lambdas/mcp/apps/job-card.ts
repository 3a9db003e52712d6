/**
 * Offers the card of a job (MCP Apps): an HTML page that a host shows with the results of the tools that name it. The page
 * follows the job through the host.
 */
import type { ReadResourceResult, Resource, Tool } from '@modelcontextprotocol/server';

/** Identifier of the extension MCP Apps. */
export const APPS_EXTENSION = 'io.modelcontextprotocol/ui';

/** Hosts cache the page by this address. */
export const CARD_URI = 'ui://mcp-async-operations/job.html';

const MIME_TYPE = 'text/html;profile=mcp-app';

/** The page is one file and needs no network, so hosts can forbid all of it. */
const PAGE_META = {
  ui: {
    csp: { connectDomains: [], resourceDomains: [], frameDomains: [], baseUriDomains: [] },
    prefersBorder: true,
  },
};

/** The entry in `resources/list`. */
export const CARD_RESOURCE: Resource = {
  uri: CARD_URI,
  name: 'job_card',
  title: 'Card of a job',
  description: 'Shows a job in the conversation: progress, steps, log, files and questions.',
  mimeType: MIME_TYPE,
  _meta: PAGE_META,
};

/** What a tool's listing has in addition, so that a host shows its results in the card. */
export const CARD_TOOL_META = { ui: { resourceUri: CARD_URI } } satisfies Tool['_meta'];

/** Whether a client shows pages of MCP Apps. @param capabilities as the client declares them */
export function showsApps(capabilities: unknown): boolean {
  const { mimeTypes } = Object(Object(Object(capabilities).extensions)[APPS_EXTENSION]);
  return Array.isArray(mimeTypes) && mimeTypes.includes(MIME_TYPE);
}

/** @param html the page */
export function cardContents(html: string): ReadResourceResult {
  return { contents: [{ uri: CARD_URI, mimeType: MIME_TYPE, text: html, _meta: PAGE_META }] };
}
