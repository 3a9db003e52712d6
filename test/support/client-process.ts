/** Starts a build as an MCP client, prints the job id, and hangs, so that a test can kill it in the middle. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const [url = '', project = ''] = process.argv.slice(2);
const client = new Client({ name: 'doomed', version: '1.0.0' });
await client.connect(new StreamableHTTPClientTransport(new URL(url)));
const { structuredContent } = await client.callTool({ name: 'start_build', arguments: { project } });
console.log((structuredContent as { job_id: string }).job_id);
setInterval(() => {}, 1_000);
