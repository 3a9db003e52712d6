/** Builds the server card (SEP-2127) and the catalog that leads clients from a domain to the card. */
import { type CardIdentity, PROTOCOL_VERSIONS } from '../shared/server-identity.ts';

/** SEP-2127, discovery.md, "MCP Server Cards". */
export const CARD_TYPE = 'application/mcp-server-card+json';

const SCHEMA = 'https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json';

/**
 * Returns the card: who the server is and how to connect. By its schema it has no tools, no capabilities and no authentication:
 * clients get those from the endpoint itself.
 * @param url of the MCP endpoint
 */
export function serverCard(identity: CardIdentity, url: string): object {
  const { namespace, name, title, description, version, websiteUrl } = identity;
  return {
    $schema: SCHEMA,
    name: `${namespace ?? reverseLabels(hostOf(url))}/${name}`,
    title,
    description,
    version,
    ...(websiteUrl && { websiteUrl }),
    remotes: [{ type: 'streamable-http', url, supportedProtocolVersions: PROTOCOL_VERSIONS }],
  };
}

/**
 * Returns the catalog of this server alone. The identifier pairs with the card's name: SEP-2127, discovery.md, "Server Card Entries".
 * It is an AI Catalog, and a manifest of ARD too. ARD v0.91, section 4.2, requires `displayName`, which AI Catalog allows.
 * @param url of the MCP endpoint
 */
export function serverCatalog({ namespace, name, title }: CardIdentity, url: string): object {
  const publisher = namespace === undefined ? hostOf(url) : reverseLabels(namespace);
  return {
    specVersion: '1.0',
    entries: [
      {
        identifier: `urn:air:${publisher}:mcp:${name}`,
        displayName: title,
        type: CARD_TYPE,
        url: `${url}/server-card`,
      },
    ],
  };
}

function hostOf(url: string): string {
  return new URL(url).hostname;
}

/** Converts between a domain and its reverse-DNS form. */
function reverseLabels(name: string): string {
  return name.split('.').reverse().join('.');
}
