/** Lists the metadata documents of common MCP clients (CIMD), and checks the URLs that an operator lists instead. */

/**
 * URL patterns of the metadata documents of common MCP clients. These clients sign in with nothing but the URL of the MCP server.
 * `*` stands for any characters. The sources are the vendors' pages and documents as of 2026-09, Cursor's as of 2026-10. They are cited
 * as quoted in public copies, and were not opened here.
 *
 * They are five, because one CIMD policy has at most five. ChatGPT and Codex have a document for each connection. Their shared ones,
 * `/oauth/client.json` and `/oauth/codex/client.json`, need `iss` in authorization responses (RFC 9207), which Cognito does not declare.
 */
export const CLIENT_METADATA_URLS: readonly string[] = [
  // Claude (`mcp-oauth-client-metadata`) and Claude Code (`claude-code-client-metadata`).
  // Source: claude.com/docs/connectors/building/authentication, and the two documents.
  'https://claude.ai/oauth/*-client-metadata',
  // ChatGPT. Source: developers.openai.com/plugins/build/auth, client registration.
  'https://chatgpt.com/oauth/*/client.json',
  // Codex. Source: developers.openai.com/codex/mcp, OAuth client registration.
  'https://chatgpt.com/oauth/codex/*/client.json',
  // VS Code. Source: the document, and microsoft/vscode issue 298300.
  'https://vscode.dev/oauth/client-metadata.json',
  // Cursor. Source: the document. Its documentation does not name it.
  'https://cursor.com/oauth/mcp-client.json',
];

/** Amazon Cognito user pools API reference, CreateCIMDPolicy: `URLPatterns`. */
const PATTERN = /^https:\/\/[!$-;=@-[\]_a-z~]+$/;
const MIN_CHARACTERS = 12;
const MAX_CHARACTERS = 256;

/** Patterns of one CIMD policy of Cognito. */
export const PATTERNS_OF_POLICY = 5;

/**
 * Cognito alone would accept `https://*`, with which everybody may name a client. So the host has no wildcard here.
 * @throws Error naming the URL and the remedy
 */
export function checkClientMetadataUrls(urls: readonly string[]): void {
  for (const url of urls) {
    if (!PATTERN.test(url) || url.length < MIN_CHARACTERS || url.length > MAX_CHARACTERS) {
      throw new Error(
        `clientMetadataUrls contains "${url}": give https URLs of ${MIN_CHARACTERS} to ${MAX_CHARACTERS} characters, without a query or a fragment.`,
      );
    }
    const { host = '*', path = '' } = /^https:\/\/(?<host>[^/]*)\/(?<path>.*)$/.exec(url)?.groups ?? {};
    if (/[*@[\]]/.test(host) || !URL.canParse(url)) {
      throw new Error(
        `clientMetadataUrls contains "${url}": give a host name without *, so that others cannot publish a document there.`,
      );
    }
    if (path === '' || path.split('/').some((segment) => /^\.{1,2}$/.test(segment))) {
      throw new Error(
        `clientMetadataUrls contains "${url}": give the path of a document, without the segments . and ...`,
      );
    }
  }
  const repeated = urls.find((url, index) => urls.indexOf(url) !== index);
  if (repeated !== undefined) throw new Error(`clientMetadataUrls contains "${repeated}" twice: remove one.`);
}
